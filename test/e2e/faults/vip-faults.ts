import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { performance } from 'node:perf_hooks';
import type { VipJson } from '../../../src/api/types/vips-json.js';
import { onLoopback, until, type FaultGround } from './fault-ground.js';
import { must, START_MS, wrongOf, type Fault } from './fault.js';

const web = 'web: { tasks: [{ name: w1, ip: 192.0.2.1 }] }';

async function vipsOf(ground: FaultGround): Promise<readonly VipJson[]> {
  return JSON.parse((await ground.cli('vips', '-o', 'json')).stdout) as VipJson[];
}

/** @returns `refused`, `reset`, what came back, or `` when the other side ended */
function exchange(ip: string, port: number, text: string): Promise<string> {
  const socket = connect({ host: ip, port });
  let got = '';
  socket.on('data', (data) => (got += data.toString()));
  socket.end(text);
  return new Promise((resolve) => {
    socket.on('end', () => resolve(got));
    socket.on('error', (error) => resolve('code' in error ? String(error.code) : error.message));
  });
}

export const vipFaults: readonly Fault[] = [
  {
    done: 'the task of a virtual IP is another virtual IP, whose task is the first one',
    holds: 'connections are refused instead of going round, and a problem names the loop',
    within: START_MS,
    run: onLoopback(async (ground) => {
      const service = (vip: string, task: string) =>
        `{ ports: [7000/tcp], endpoint_mode: vip, vip: ${vip}, tasks: [{ name: t-${vip}, ip: ${task} }] }`;
      const loop = `ping: ${service('127.43.0.5', '127.43.0.6')}, pong: ${service('127.43.0.6', '127.43.0.5')}`;
      ground.writeServices(`stacks: { shop: { services: { ${web}, ${loop} } } }\n`);
      await ground.start();
      const begun = performance.now();
      await until(async () => (await ground.cli('status', '-o', 'json')).stdout.includes('"vip-loop"'));
      const heal = performance.now() - begun;
      must((await exchange('127.43.0.5', 7000, 'x')).startsWith('ECONN'), 'a connection was taken');
      const [ping] = await vipsOf(ground);
      must((ping?.failed ?? 1) === 0 && (ping?.active ?? 1) === 0, 'connections went round');
      return { wrong: wrongOf(await ground.ask()), heal };
    }),
  },
  {
    done: 'a service with 10,000 UDP ports, and 1,024 file descriptors',
    holds: 'names are answered, the API works, and a problem says how many ports are left out',
    within: START_MS,
    run: onLoopback(async (ground) => {
      ground.descriptors = 1024;
      const ports = Array.from({ length: 10_000 }, (_, n) => `${10_000 + n}/udp`).join(', ');
      const games = `games: { ports: [${ports}], endpoint_mode: vip, tasks: [{ name: g1, ip: 192.0.2.2 }] }`;
      ground.writeServices(`stacks: { shop: { services: { ${web}, ${games} } } }\n`);
      await ground.start();
      const begun = performance.now();
      const said = async () =>
        /\d+ of 10000 ports of virtual IPs are not served[^"]*/.exec(
          (await ground.cli('status', '-o', 'json')).stdout,
        )?.[0];
      await until(async () => (await said()) !== undefined);
      const heal = performance.now() - begun;
      const left = Number(/^\d+/.exec((await said()) ?? '')?.[0]);
      // Half of what is left beside a reserve of an eighth.
      must(left === 10_000 - 448, `${left} ports are left out`);
      const traffic = await ground.under(async () => {
        must((await ground.cli('status')).code === 0, 'the API does not answer');
      });
      must(traffic.unanswered === 0, `${traffic.unanswered} queries went unanswered`);
      return { traffic, wrong: traffic.wrong, heal };
    }),
  },
  {
    done: '200 clients that close right behind their PROXY header, with `vip.native: off`',
    holds: 'each gets its answer, and no flow is left',
    within: START_MS,
    run: onLoopback(async (ground) => {
      const task = createServer({ allowHalfOpen: true }, (socket) => {
        socket.on('error', () => undefined);
        socket.resume().on('end', () => socket.end('bye'));
      }).listen(0, '127.0.0.1');
      await once(task, 'listening');
      ground.onClose(() => task.close());
      const { port } = task.address() as AddressInfo;
      ground.vip = '{ pool: 127.43.0.0/16, native: off }';
      const tasks = `tasks: [{ name: e1, ip: 127.0.0.1, ports: { 7000/tcp: ${port} } }]`;
      const echo = `echo: { ports: [7000/tcp], endpoint_mode: vip, vip: 127.43.0.7, balancing: { accept_proxy: true }, ${tasks} }`;
      ground.writeServices(`stacks: { shop: { services: { ${web}, ${echo} } } }\n`);
      await ground.start();
      await until(async () => (await vipsOf(ground)).some(({ state }) => state === 'up'));
      const begun = performance.now();
      const opened = 200;
      const answers = await Promise.all(
        Array.from({ length: opened }, () => exchange('127.43.0.7', 7000, 'PROXY UNKNOWN\r\n')),
      );
      await until(async () => (await vipsOf(ground)).every(({ active }) => active === 0));
      const heal = performance.now() - begun;
      const lost = answers.filter((answer) => answer !== 'bye').length;
      must(lost === 0, `${lost} of ${opened} clients got no answer`);
      return { connections: { opened, lost }, wrong: wrongOf(await ground.ask()), heal };
    }),
  },
];
