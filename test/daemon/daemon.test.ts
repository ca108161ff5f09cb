import { createSocket } from 'node:dgram';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import dnsPacket, { type Packet, type RecordType } from 'dns-packet';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parseConfigText } from '../../src/config/index.js';
import { Daemon, type LoadedConfig } from '../../src/daemon/daemon.js';
import { parseHostPort } from '../../src/net/ip.js';

const log = pino({ level: 'silent' }, { write: () => undefined });

let directory: string;
let running: Daemon[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'fairlead-daemon-'));
  running = [];
  await writeFile(join(directory, 'services.yaml'), services('192.0.2.1'));
});
afterEach(async () => {
  await Promise.all(running.map((daemon) => daemon.stop()));
  await rm(directory, { recursive: true });
});

const services = (ip: string) =>
  `stacks: { shop: { services: { web: { tasks: [{ name: w1, ip: ${ip} }] } } } }\n`;

function loaded(over = ''): LoadedConfig {
  const text = `
state: ${join(directory, 'state')}
dns: { listen: ["127.0.0.1:0"], upstreams: [], ttl: 5 }
sources: { file: { path: ${join(directory, 'services.yaml')} } }
api: { listen: ["unix:${join(directory, 'api.sock')}"] }
`;
  const parsed = parseConfigText(text, { set: over === '' ? [] : over.split(' ') });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  return parsed;
}

async function started(config = loaded()): Promise<Daemon> {
  const daemon = new Daemon(config, log);
  running.push(daemon);
  await daemon.start();
  return daemon;
}

/** Asks over UDP. @returns addresses with their TTL, or the response code */
async function ask(daemon: Daemon, name: string, type: RecordType = 'A'): Promise<string> {
  const to = parseHostPort(daemon.status().dns.listen[0] ?? '', 53);
  if (!to) throw new Error('it does not listen');
  const socket = createSocket('udp4');
  try {
    const reply = await new Promise<Packet>((resolve, reject) => {
      socket.once('error', reject);
      socket.once('message', (message) => resolve(dnsPacket.decode(message)));
      socket.send(
        dnsPacket.encode({
          type: 'query',
          id: 7,
          flags: dnsPacket.RECURSION_DESIRED,
          questions: [{ name, type }],
        }),
        to.port,
        to.ip,
      );
    });
    const answers = (reply.answers ?? []).map((each) =>
      each.type === 'A' ? `${each.data}/${each.ttl ?? 0}` : each.type,
    );
    return answers.join(' ') || String((reply as { rcode?: string }).rcode);
  } finally {
    socket.close();
  }
}

const web = 'web.shop.rancher.internal';

describe('the daemon', () => {
  it('serves what its sources say, and their changes', async () => {
    const daemon = await started();
    expect(await ask(daemon, web)).toBe('192.0.2.1/5');
    expect(await ask(daemon, 'nobody.shop.rancher.internal')).toBe('NXDOMAIN');
    expect(await ask(daemon, 'www.example.org')).toBe('REFUSED');
    await writeFile(join(directory, 'services.yaml'), services('192.0.2.2'));
    await vi.waitFor(async () => expect(await ask(daemon, web)).toBe('192.0.2.2/5'), { timeout: 8000 });
    expect(daemon.status().dns).toMatchObject({
      ready: true,
      counters: { replies: { NXDOMAIN: 1, REFUSED: 1 } },
    });
  });

  it('serves what it knew before it was restarted, and says that it is old', async () => {
    const first = await started();
    await first.stop();
    await rm(join(directory, 'services.yaml'));
    const second = await started();
    expect(await ask(second, web)).toBe('192.0.2.1/5');
    expect(second.catalog.snapshot.sources).toMatchObject([
      { name: 'file', state: 'stale', error: expect.stringContaining('there is no such file') as string },
    ]);
    expect(second.catalog.snapshot.sources[0]?.asOf).toBeGreaterThan(Date.now() - 60_000);
  });

  it('starts without a state file that is broken', async () => {
    const first = await started();
    await first.stop();
    await writeFile(join(directory, 'state', 'catalog.json'), '{"version":1,');
    expect(await ask(await started(), web)).toBe('192.0.2.1/5');
  });

  it('takes over another configuration without closing what stays', async () => {
    const daemon = await started();
    const before = daemon.status().dns.listen;
    await daemon.reload(loaded('dns.ttl=9 domain=example.internal'));
    expect(daemon.status().dns.listen).toEqual(before);
    expect(await ask(daemon, 'web.shop.example.internal')).toBe('192.0.2.1/9');
    expect(await ask(daemon, web)).toBe('REFUSED');
  });

  it('takes over the log level for all that log', async () => {
    const lines: string[] = [];
    const daemon = new Daemon(
      loaded(),
      pino({ level: 'info' }, { write: (line: string) => lines.push(line) }),
    );
    running.push(daemon);
    await daemon.start();
    expect(lines.join('')).toContain('"component":"dns"');
    await daemon.reload(loaded('log.level=error'));
    lines.length = 0;
    await daemon.reload(loaded('log.level=error dns.listen=["127.0.0.2:0"]'));
    expect(lines).toEqual([]);
    await daemon.reload(loaded('log.level=info'));
    await daemon.reload(loaded('log.level=info dns.listen=["127.0.0.3:0"]'));
    expect(lines.join('')).toContain('DNS on 127.0.0.3:');
  });

  it('adds and drops listening addresses', async () => {
    const daemon = await started();
    const [first] = daemon.status().dns.listen;
    await daemon.reload(loaded('dns.listen=["127.0.0.1:0","127.0.0.2:0"]'));
    expect(daemon.status().dns.listen).toEqual([first, expect.stringMatching(/^127\.0\.0\.2:/)]);
    await daemon.reload(loaded('dns.listen=["127.0.0.2:0"]'));
    expect(daemon.status().dns.listen).toEqual([expect.stringMatching(/^127\.0\.0\.2:/)]);
    expect(await ask(daemon, web)).toBe('192.0.2.1/5');
  });

  it('keeps the old configuration when the new one cannot be had', async () => {
    const daemon = await started();
    const other = await started(
      loaded(`api.listen=["unix:${join(directory, 'other.sock')}"] state=${join(directory, 'other')}`),
    );
    const [taken] = other.status().dns.listen;
    await expect(daemon.reload(loaded(`dns.listen=["${taken ?? ''}"] dns.ttl=9`))).rejects.toThrow(
      /^[^\n]*(in use|taken)[^\n]*$/,
    );
    expect(await ask(daemon, web)).toBe('192.0.2.1/5');
  });

  it('keeps its API and its listeners when the new API cannot be had', async () => {
    const daemon = await started();
    const before = [daemon.apiAddresses().join(), daemon.status().dns.listen.join()];
    const inTheWay = join(directory, 'services.yaml');
    const next = loaded(`api.listen=["unix:${inTheWay}"] dns.listen=["127.0.0.2:0"] dns.ttl=9`);
    await expect(daemon.reload(next)).rejects.toThrow(/exists and is no socket/);
    expect([daemon.apiAddresses().join(), daemon.status().dns.listen.join()]).toEqual(before);
    expect(before[0]).not.toBe('');
    expect(await ask(daemon, web)).toBe('192.0.2.1/5');
    await daemon.reload(loaded(`api.listen=["unix:${join(directory, 'moved.sock')}"]`));
    expect(daemon.apiAddresses()).toEqual([`unix:${join(directory, 'moved.sock')}`]);
  });

  it('drops the facts of a source that is taken out', async () => {
    const daemon = await started();
    await daemon.reload(loaded('sources.file=false'));
    expect(daemon.catalog.snapshot).toMatchObject({ taskCount: 0, sources: [] });
  });

  it('leaves nothing running when it cannot start', async () => {
    const first = await started();
    const second = new Daemon(loaded(`dns.listen=["127.0.0.1:0"]`), log);
    await expect(second.start()).rejects.toThrow(/a daemon listens on .*api\.sock already/);
    expect(second.status().dns.listen).toEqual([]);
    expect(await ask(first, web)).toBe('192.0.2.1/5');
  });
});
