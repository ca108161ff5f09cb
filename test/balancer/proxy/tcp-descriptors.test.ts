import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { bundled } from '../../support/bundled.js';
import { Client, echo, exchange, startPeer } from './peer.js';

const LIMIT = 160;
const fixture = fileURLToPath(bundled(new URL('few-descriptors.ts', import.meta.url)));

it('keeps file descriptors for the rest of the process when connections take all others, and recovers', async () => {
  const peer = await startPeer(echo);
  const vip = { ip: '127.86.0.1', port: 8080 };
  const command = `ulimit -n ${LIMIT} && exec "${process.execPath}" "${fixture}" ${vip.ip} ${peer.address.port}`;
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
    expect(await next()).toMatchObject({ active: 47, total: 47, logged: 1 });
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
}, 30_000);
