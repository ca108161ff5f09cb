import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ListenAddress } from '../../src/api/http-face.js';
import { ask, startApi, stopApi, type Fixture } from './fixture.js';

let dir: string;
let open: Fixture[] = [];
const start = async (...listen: ListenAddress[]) => {
  const fixture = await startApi({ listen });
  open.push(fixture);
  return fixture;
};

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'fairlead-listen-'));
});
afterEach(async () => {
  await Promise.all(open.map(stopApi));
  open = [];
  rmSync(dir, { recursive: true });
});

describe('the unix socket', () => {
  it('is accessible only to owner and group, and is removed when the daemon stops', async () => {
    const path = join(dir, 'deep', 'er', 'fairlead.sock');
    const { server } = await start({ path });
    expect(statSync(path).mode & 0o777).toBe(0o660);
    expect(server.addresses()).toEqual([`unix:${path}`]);
    await server.stop();
    expect(existsSync(path)).toBe(false);
  });

  it('replaces the socket of a dead daemon', async () => {
    const path = join(dir, 'fairlead.sock');
    const child =
      "require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))";
    spawnSync(process.execPath, ['-e', child, path]);
    expect(statSync(path).isSocket()).toBe(true);
    await start({ path });
    expect((await ask(path, '/healthz')).text).toBe('ok\n');
  });

  it('does not touch the socket of a living daemon', async () => {
    const path = join(dir, 'fairlead.sock');
    await start({ path });
    await expect(startApi({ listen: [{ path }] })).rejects.toThrow(
      /a daemon already listens on .*fairlead\.sock; stop it/,
    );
    expect((await ask(path, '/healthz')).status).toBe(200);
  });

  it('does not touch a file that is not a socket', async () => {
    const path = join(dir, 'notes.txt');
    writeFileSync(path, 'mine');
    await expect(startApi({ listen: [{ path }] })).rejects.toThrow(/exists and is not a socket/);
    expect(existsSync(path)).toBe(true);
  });

  it('says so when the path is too long', async () => {
    await expect(startApi({ listen: [{ path: join(dir, 'x'.repeat(120)) }] })).rejects.toThrow(
      /too long for a socket/,
    );
  });
});

describe('TCP', () => {
  it('is refused beyond loopback', async () => {
    await expect(startApi({ listen: [{ ip: '0.0.0.0', port: 8053 }] })).rejects.toThrow(
      /is not a loopback address/,
    );
  });

  it('gives up its other listeners when one fails', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as { port: number };
    const path = join(dir, 'fairlead.sock');
    const failed = startApi({ listen: [{ path }, { ip: '127.0.0.1', port }] });
    await expect(failed).rejects.toThrow(`cannot listen on 127.0.0.1:${port}: it is in use`);
    expect(existsSync(path)).toBe(false);
    await new Promise((resolve) => taken.close(resolve));
  });

  it.each([
    ['127.0.0.1', undefined, 200],
    ['localhost:8053', undefined, 200],
    ['[::1]:8053', 'http://localhost:8080', 200],
    ['127.0.0.1', 'http://127.0.0.1:8053', 200],
    ['rebound.example', undefined, 403],
    ['localhost.example.org', undefined, 403],
    ['10.0.0.1', undefined, 403],
    ['localhost:999999', undefined, 403],
    ['localhost', 'https://evil.example', 403],
    ['localhost', 'null', 403],
    ['localhost', 'http://localhost.evil.example', 403],
  ])('with Host %j and Origin %j answers %i', async (host, origin, status) => {
    const { server } = await start({ ip: '127.0.0.1', port: 0 });
    const port = Number(server.addresses()[0]?.split(':')[1]);
    const headers = { host, ...(origin === undefined ? {} : { origin }) };
    expect((await ask(port, '/v1/status', { headers })).status).toBe(status);
  });

  it('accepts any Host over the unix socket, but no foreign page', async () => {
    const path = join(dir, 'fairlead.sock');
    await start({ path });
    expect((await ask(path, '/v1/status', { headers: { host: 'fairlead' } })).status).toBe(200);
    const page = await ask(path, '/v1/status', { headers: { origin: 'https://evil.example' } });
    expect(page).toMatchObject({ status: 403, body: { code: 'origin-not-allowed' } });
  });
});
