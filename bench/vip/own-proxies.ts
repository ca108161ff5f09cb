// The two proxies of bench:vip that are this program itself: Fairlead's plane, and the plainest one in Node.
import { connect, createServer } from 'node:net';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { createProxyPlane } from '../../src/balancer/proxy/proxy-plane.js';
import { IP, TASK_PORT } from './contestants.js';

export async function serve(name: string, port: number): Promise<void> {
  createInterface(process.stdin).on('line', () => globalThis.gc?.());
  if (name === 'pipe') {
    servePipe(port);
    return;
  }
  const plane = createProxyPlane({
    log: { warn: (message) => console.error(message) },
    // This file is a bundle; what a thread runs is beside the compiled source.
    native: { script: pathToFileURL(resolve('dist/balancer/proxy/tcp/native/carrier-worker.js')) },
  });
  const address = { ip: IP, port: TASK_PORT };
  const [problem] = await plane.apply([
    {
      service: 'default/bench/vip',
      vip: IP,
      port,
      protocol: 'tcp',
      scheduler: 'rr',
      backends: [{ id: 'task', name: 'bench_vip_1', address, weight: 1, state: 'active' }],
    },
  ]);
  if (problem) throw new Error(problem.message);
}

function servePipe(port: number): void {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const task = connect({ host: IP, port: TASK_PORT, allowHalfOpen: true, noDelay: true });
    client.pipe(task);
    task.pipe(client);
    client.on('error', () => task.destroy());
    task.on('error', () => client.destroy());
  });
  server.listen({ port, host: IP, backlog: 4096 });
}
