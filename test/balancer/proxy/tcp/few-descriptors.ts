// A process with few file descriptors that serves one VIP: told by tcp-descriptors.test.ts what to listen on and which
// task to use, and what a thread runs where there is to be one; says what it has when a line comes.
import { closeSync, openSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { createProxyPlane } from '../../../../src/balancer/proxy/proxy-plane.js';
import { backend, tcpService } from '../peer.js';

const [vip = '', vipPort = '', port = '', script = '', greed = ''] = process.argv.slice(2);
const logged: string[] = [];
const native = script === '' ? false : { script: new URL(script) };
// More than there is: the kernel has to say no.
const limits = greed === '' ? {} : { limits: { flows: 10_000, descriptors: 10_000, waiting: 10 } };
const plane = createProxyPlane({ native, ...limits, log: { warn: (message) => void logged.push(message) } });
const task = { ip: '127.0.0.1', port: Number(port) };
// Clients that wait have one each, and no task's connection takes the last.
const acceptProxy = greed !== '';
const problems = await plane.apply([
  tcpService({ ip: vip, port: Number(vipPort) }, [backend('a', task)], { acceptProxy }),
]);
console.log(JSON.stringify({ problems }));

for await (const line of createInterface(process.stdin)) {
  if (line === 'end') break;
  // What the rest of a daemon needs now and then.
  const files = Array.from({ length: greed === '' ? 20 : 0 }, () => openSync('/dev/null', 'r'));
  for (const file of files) closeSync(file);
  const [service] = await plane.counters();
  console.log(JSON.stringify({ ...service, logged }));
}
await plane.close();
process.exit();
