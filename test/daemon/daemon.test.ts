import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { describe, expect, it, vi } from 'vitest';
import { Daemon } from '../../src/daemon/daemon.js';
import { logTo } from '../../src/daemon/daemon-log.js';
import { ask, Ground, services, silentLog } from './support.js';

const ground = new Ground();

const web = 'web.shop.rancher.internal';

describe('the daemon', () => {
  it('serves its sources’ facts and their changes', async () => {
    const daemon = await ground.started();
    expect(await ask(daemon, web)).toBe('192.0.2.1/5');
    expect(await ask(daemon, 'nobody.shop.rancher.internal')).toBe('NXDOMAIN');
    expect(await ask(daemon, 'www.example.org')).toBe('REFUSED');
    // An editor that truncates the file first would show an empty one for a moment.
    await writeFile(ground.path('next.yaml'), services('192.0.2.2'));
    await rename(ground.path('next.yaml'), ground.path('services.yaml'));
    await vi.waitFor(async () => expect(await ask(daemon, web)).toBe('192.0.2.2/5'));
    expect(daemon.status().dns).toMatchObject({
      ready: true,
      counters: { replies: { NXDOMAIN: 1, REFUSED: 1 } },
    });
  });

  it('serves what it knew before a restart, and marks it as old', async () => {
    const first = await ground.started();
    await first.stop();
    await rm(ground.path('services.yaml'));
    const second = await ground.started();
    expect(await ask(second, web)).toBe('192.0.2.1/5');
    expect(second.catalog.snapshot.sources).toMatchObject([
      { name: 'file', state: 'stale', error: expect.stringContaining('the file does not exist') as string },
    ]);
    expect(second.catalog.snapshot.sources[0]?.asOf).toBeGreaterThan(Date.now() - 60_000);
  });

  it('starts despite a broken state file', async () => {
    const first = await ground.started();
    await first.stop();
    await writeFile(ground.path('state', 'catalog.json'), '{"version":1,');
    expect(await ask(await ground.started(), web)).toBe('192.0.2.1/5');
  });

  it('applies a new configuration without closing what stays the same', async () => {
    const daemon = await ground.started();
    const before = daemon.status().dns.listen;
    await daemon.reload(ground.loaded('dns.ttl=9', 'domain=example.internal'));
    expect(daemon.status().dns.listen).toEqual(before);
    expect(await ask(daemon, 'web.shop.example.internal')).toBe('192.0.2.1/9');
    expect(await ask(daemon, web)).toBe('NXDOMAIN');
  });

  it('applies a new log level to every part', async () => {
    const lines: string[] = [];
    const daemon = new Daemon(ground.loaded(), logTo('info', { write: (line) => lines.push(line) }));
    ground.running.push(daemon);
    await daemon.start();
    expect(lines.join('')).toContain('"component":"dns"');
    await daemon.reload(ground.loaded('log.level=error'));
    lines.length = 0;
    await daemon.reload(ground.loaded('log.level=error', 'dns.listen=["127.0.0.2:0"]'));
    expect(lines).toEqual([]);
    await daemon.reload(ground.loaded('log.level=info'));
    await daemon.reload(ground.loaded('log.level=info', 'dns.listen=["127.0.0.3:0"]'));
    expect(lines.join('')).toContain('DNS on 127.0.0.3:');
  });

  it('adds and drops listening addresses', async () => {
    const daemon = await ground.started();
    const [first] = daemon.status().dns.listen;
    await daemon.reload(ground.loaded('dns.listen=["127.0.0.1:0","127.0.0.2:0"]'));
    expect(daemon.status().dns.listen).toEqual([first, expect.stringMatching(/^127\.0\.0\.2:/)]);
    await daemon.reload(ground.loaded('dns.listen=["127.0.0.2:0"]'));
    expect(daemon.status().dns.listen).toEqual([expect.stringMatching(/^127\.0\.0\.2:/)]);
    expect(await ask(daemon, web)).toBe('192.0.2.1/5');
  });

  it('keeps the old configuration when the new one fails', async () => {
    const daemon = await ground.started();
    const other = await ground.started(
      ground.loaded(`api.listen=["unix:${ground.path('other.sock')}"]`, `state=${ground.path('other')}`),
    );
    const [taken] = other.status().dns.listen;
    await expect(daemon.reload(ground.loaded(`dns.listen=["${taken ?? ''}"]`, 'dns.ttl=9'))).rejects.toThrow(
      /^[^\n]*(in use|taken)[^\n]*$/,
    );
    expect(await ask(daemon, web)).toBe('192.0.2.1/5');
  });

  it('keeps its API and its listeners when the new API fails', async () => {
    const daemon = await ground.started();
    const before = [daemon.apiAddresses().join(), daemon.status().dns.listen.join()];
    const inTheWay = ground.path('services.yaml');
    const next = ground.loaded(`api.listen=["unix:${inTheWay}"]`, `dns.listen=["127.0.0.2:0"]`, `dns.ttl=9`);
    await expect(daemon.reload(next)).rejects.toThrow(/exists and is not a socket/);
    expect([daemon.apiAddresses().join(), daemon.status().dns.listen.join()]).toEqual(before);
    expect(before[0]).not.toBe('');
    expect(await ask(daemon, web)).toBe('192.0.2.1/5');
    await daemon.reload(ground.loaded(`api.listen=["unix:${ground.path('moved.sock')}"]`));
    expect(daemon.apiAddresses()).toEqual([`unix:${ground.path('moved.sock')}`]);
  });

  it('drops the facts of a removed source', async () => {
    const daemon = await ground.started();
    await daemon.reload(ground.loaded('sources.file=false'));
    expect(daemon.catalog.snapshot).toMatchObject({ taskCount: 0, sources: [] });
  });

  it('leaves nothing running when it cannot start', async () => {
    const first = await ground.started();
    const second = new Daemon(ground.loaded(`dns.listen=["127.0.0.1:0"]`), silentLog);
    await expect(second.start()).rejects.toThrow(
      `Fairlead is already running, pid ${process.pid} (it uses ${ground.path('state')})`,
    );
    expect(second.apiAddresses()).toEqual([]);
    expect(await ask(first, web)).toBe('192.0.2.1/5');
  });
});

describe('a start', () => {
  it('saves its facts even without a later change, so that kill -9 loses nothing', async () => {
    const daemon = await ground.started();
    await vi.waitFor(async () =>
      expect(await readFile(ground.path('state', 'catalog.json'), 'utf8')).toContain('192.0.2.1'),
    );
    // The file is in its place before the daemon knows that it is.
    await vi.waitFor(() =>
      expect(daemon.status().state).toMatchObject({ failures: 0, writtenAt: expect.any(Number) as number }),
    );
  });
});
