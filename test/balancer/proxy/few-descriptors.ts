// A process with few file descriptors that serves one VIP: told by tcp-descriptors.test.ts what to listen on and which
// task to use, says what it has when a line comes.
import { closeSync, openSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { createProxyPlane } from '../../../src/balancer/proxy/proxy-plane.js';
import { backend, tcpService } from './peer.js';

const [vip = '', port = ''] = process.argv.slice(2);
const logged: string[] = [];
const plane = createProxyPlane({ log: (message) => logged.push(message) });
const task = { ip: '127.0.0.1', port: Number(port) };
const problems = await plane.apply([tcpService({ ip: vip, port: 8080 }, [backend('a', task)])]);
console.log(JSON.stringify({ problems }));

for await (const line of createInterface(process.stdin)) {
  if (line === 'end') break;
  // What the rest of a daemon needs now and then.
  const files = Array.from({ length: 20 }, () => openSync('/dev/null', 'r'));
  for (const file of files) closeSync(file);
  const [service] = plane.counters();
  console.log(JSON.stringify({ ...service, logged: logged.length }));
}
await plane.close();
process.exit();
