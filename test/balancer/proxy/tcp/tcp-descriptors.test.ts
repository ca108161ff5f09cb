import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { bundled } from '../../../support/bundled.js';
import { Client, echo, exchange, startPeer } from '../peer.js';
import { NATIVE, tcpScript } from './tcp-implementations.js';
import { ownPort } from '../../../support/own-port.js';

const LIMIT = 160;
const fixture = fileURLToPath(bundled(new URL('few-descriptors.ts', import.meta.url)));

it.each([
  ['node', ''],
  ['a thread', tcpScript().href],
])(
  '%s keeps file descriptors for the rest of the process when connections take all others, and recovers',
  async (_name, script) => {
    const peer = await startPeer(echo);
    const vip = { ip: '127.86.0.1', port: ownPort };
    const command = `ulimit -n ${LIMIT} && exec "${process.execPath}" "${fixture}" ${vip.ip} ${vip.port} ${peer.address.port} ${script}`;
    const child = spawn('/bin/sh', ['-c', command], { stdio: ['pipe', 'pipe', 'inherit'] });
    try {
      const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
      const next = async (): Promise<unknown> => JSON.parse((await lines.next()).value as string) as unknown;
      expect(await next()).toEqual({ problems: [] });
      const clients = Array.from({ length: LIMIT }, () => new Client(vip).send('x'));
      const served = (): Client[] => clients.filter(({ text }) => text === 'x');
      // 64 are the reserve, one is the listener, two go into each connection; a few wait, the rest is turned away.
      let refused = 0;
      for (const client of clients)
        void client.over.then(({ end }) => (refused += end === 'ECONNRESET' ? 1 : 0));
      while (served().length < 47 || refused < LIMIT - 47 - 16)
        await new Promise((resolve) => setTimeout(resolve, 5));
      child.stdin.write('\n');
      expect(await next()).toMatchObject({
        active: 47,
        total: 47,
        logged: [expect.stringMatching(/no more connections are possible/)],
      });
      for (const client of clients) client.socket.destroy();
      let again = '';
      while (again !== 'again') again = (await exchange(vip, 'again')).text;
      expect(child.exitCode).toBe(null);
      child.stdin.write('end\n');
      expect(await once(child, 'exit')).toEqual([0, null]);
    } finally {
      child.kill('SIGKILL');
      await peer.close();
    }
  },
);

it.skipIf(NATIVE.length === 0)(
  'a thread without any descriptors pauses, reports it once, and recovers',
  async () => {
    const peer = await startPeer(echo);
    const vip = { ip: '127.86.0.2', port: ownPort };
    const words = [vip.ip, vip.port, peer.address.port, tcpScript().href, 'greedy'];
    const command = `ulimit -n 100 && exec "${process.execPath}" "${fixture}" ${words.join(' ')}`;
    const child = spawn('/bin/sh', ['-c', command], { stdio: ['pipe', 'pipe', 'inherit'] });
    try {
      const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
      const next = async () => JSON.parse((await lines.next()).value as string) as { logged: string[] };
      await next();
      const clients = Array.from({ length: 100 }, () => new Client(vip));
      let logged: string[] = [];
      while (logged.length === 0) {
        child.stdin.write('\n');
        ({ logged } = await next());
      }
      expect(logged).toEqual([expect.stringMatching(/cannot be accepted \(EMFILE\).* raise the limit/)]);
      for (const client of clients) client.socket.destroy();
      let again = '';
      while (again !== 'again') again = (await exchange(vip, 'PROXY UNKNOWN\r\nagain')).text;
      child.stdin.write('\n');
      expect((await next()).logged).toHaveLength(1);
      child.stdin.write('end\n');
      expect(await once(child, 'exit')).toEqual([0, null]);
    } finally {
      child.kill('SIGKILL');
      await peer.close();
    }
  },
);
