import { writeFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.js';
import { logTo } from '../../src/daemon/daemon-log.js';
import { createNames } from '../../src/daemon/name-parts.js';
import { composeReply } from '../../src/wire/reply.js';
import { CLASS, TYPE } from '../../src/wire/constants.js';
import { formatHostPort } from '../../src/net/ip.js';
import { fakeUpstream, type FakeUpstream } from '../dns/forward/fake-upstream.js';
import { ask, askMessage, Ground, silentLog } from './support.js';

const ground = new Ground();
const upstreams: FakeUpstream[] = [];
afterEach(async () => {
  await Promise.all(upstreams.splice(0).map((upstream) => upstream.close()));
});

/** An upstream that gives one address for every name. */
async function upstreamWith(address: string): Promise<string> {
  const upstream = await fakeUpstream(({ query, send }) => {
    const owner = query.question.name;
    const rdata = { kind: 'a', address: Uint8Array.from(address.split('.').map(Number)) } as const;
    const answers = [{ owner, type: TYPE.A, class: CLASS.IN, ttl: 60, rdata }];
    send(composeReply(query, { rcode: 0, ra: true, answers }, 512).message);
  });
  upstreams.push(upstream);
  return formatHostPort(upstream.address);
}

describe('the limit for repeated replies', () => {
  it('does not apply to the host, from any of its addresses, nor to clients in the catalog', () => {
    const { config } = ground.loaded('dns.listen=["169.254.169.250:53","[fd00::53]:53"]');
    const catalog = new Catalog();
    const names = createNames(config, { catalog, startedAt: 0, log: silentLog });
    catalog.sink('test').replace({
      tasks: [],
      networks: [
        { id: 'n', name: 'n', driver: 'bridge', subnets: ['10.9.0.0/24'], gateways: [], internal: false },
      ],
    });
    const { snapshot } = catalog;
    const hosts = ['127.0.0.1', '::1', '169.254.169.250', 'fd00::53', '10.9.0.7'];
    const strangers = ['169.254.169.251', '10.8.0.7', 'fd00::54'];
    const isFree = (address: string) => names.isServedFreely(snapshot, address);
    const isExempt = (address: string) => names.tuning.rateLimit?.isExempt(address);
    names.forwarder.close();
    expect([...hosts.map(isFree), ...hosts.map(isExempt)]).toEqual(Array(10).fill(true));
    expect([...strangers.map(isFree), ...strangers.map(isExempt)]).toEqual(Array(6).fill(false));
  });
});

describe('the configuration of names', () => {
  it('contains records inside and outside the domain', async () => {
    const records = [
      'printer.lan 300 A 192.0.2.7',
      'old.shop.rancher.internal CNAME web.shop.rancher.internal',
      '*.dev.example A 192.0.2.8',
    ];
    const daemon = await ground.started(ground.loaded(`dns.records=${JSON.stringify(records)}`));
    expect(await ask(daemon, 'printer.lan')).toBe('192.0.2.7/300');
    expect(await ask(daemon, 'old.shop.rancher.internal')).toBe('CNAME 192.0.2.1/5');
    expect(await ask(daemon, 'any.dev.example')).toBe('192.0.2.8/5');
    await daemon.reload(ground.loaded());
    expect(await ask(daemon, 'printer.lan')).toBe('REFUSED');
  });

  it('contains upstreams for suffixes, and a suffix that is never forwarded', async () => {
    const [main, corp] = [await upstreamWith('192.0.2.11'), await upstreamWith('192.0.2.12')];
    const forward = JSON.stringify({ 'corp.example': [corp], 'home.arpa': [corp], 'gone.example': [] });
    const config = ground.loaded(`dns.upstreams=${main}`, `dns.forward=${forward}`);
    const daemon = await ground.started(config);
    expect(await ask(daemon, 'www.example.org')).toBe('192.0.2.11/60');
    expect(await ask(daemon, 'www.corp.example')).toBe('192.0.2.12/60');
    expect(await ask(daemon, 'nas.home.arpa')).toBe('192.0.2.12/60');
    expect(await ask(daemon, 'www.gone.example')).toBe('REFUSED');
    const { upstreams: told, forwarding } = daemon.status().dns;
    expect(told).toEqual([main]);
    expect(forwarding).toMatchObject({
      routes: [
        { suffix: '.', upstreams: [{ address: main, up: true }] },
        { suffix: 'corp.example', upstreams: [{ address: corp }] },
        { suffix: 'home.arpa' },
        { suffix: 'gone.example', upstreams: [] },
      ],
      flights: 3,
    });
    await ask(daemon, 'www.example.org');
    expect(daemon.status().dns.forwarding).toMatchObject({ flights: 3, cache: { hits: 1 } });
  });

  it.each([
    ['dns.cacheSize=0', 2],
    ['dns.cacheSize=1', 1],
  ])('contains cache limits: %s', async (setting, flights) => {
    const main = await upstreamWith('192.0.2.11');
    const daemon = await ground.started(ground.loaded(`dns.upstreams=${main}`, setting));
    await ask(daemon, 'www.example.org');
    await ask(daemon, 'www.example.org');
    expect(daemon.status().dns.forwarding).toMatchObject({ flights });
  });

  it('says which private addresses are withheld', async () => {
    const main = await upstreamWith('10.0.0.7');
    const daemon = await ground.started(
      ground.loaded(`dns.upstreams=${main}`, 'dns.rebindProtection.allow=corp.example'),
    );
    expect(await ask(daemon, 'evil.example')).toBe('NOERROR');
    expect(await ask(daemon, 'www.corp.example')).toBe('10.0.0.7/60');
    expect(daemon.status().dns.forwarding).toMatchObject({ filtered: 1 });
  });

  it('contains the list of top-level domains', async () => {
    writeFileSync(ground.path('tlds.txt'), '# Version 1\nSHOP\n');
    writeFileSync(
      ground.path('services.yaml'),
      'stacks: { com: { services: { web: { tasks: [{ name: w, ip: 192.0.2.5 }] } } } }\n' +
        'clients: { 127.0.0.1: { stack: other } }\n',
    );
    const packaged = await ground.started();
    expect(await ask(packaged, 'web.com')).toBe('REFUSED');
    await packaged.reload(ground.loaded(`dns.topLevelDomains=${ground.path('tlds.txt')}`));
    expect(await ask(packaged, 'web.com')).toBe('192.0.2.5/5');
  });

  it("contains the server's name for clients that ask for it, and the query log", async () => {
    const lines: string[] = [];
    const log = logTo('info', { write: (line) => lines.push(line) });
    const nsid = {
      type: 'OPT',
      name: '.',
      udpPayloadSize: 1232,
      flags: 0,
      options: [{ code: 3, data: Buffer.alloc(0) }],
    };
    const daemon = await ground.started(ground.loaded('dns.nsid=dns1'), log);
    const asking = () =>
      askMessage(daemon, 'web.shop.rancher.internal', 'A', { additionals: [nsid] } as never);
    expect(JSON.stringify((await asking()).additionals)).toContain(
      JSON.stringify([...Buffer.from('dns1')]).slice(1, -1),
    );
    expect(lines.join('')).not.toContain('"component":"query"');
    await daemon.reload(ground.loaded('dns.queryLog.classes=denial'));
    expect(JSON.stringify((await asking()).additionals)).not.toContain('"code":3');
    await ask(daemon, 'nobody.shop.rancher.internal');
    const logged = lines.filter((line) => line.includes('"component":"query"'));
    expect(logged.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { client: '127.0.0.1', name: 'nobody.shop.rancher.internal', type: 'A', rcode: 'NXDOMAIN' },
    ]);
  });

  it('is an error if it names a missing file', async () => {
    const missing = ground.path('missing');
    for (const key of ['dns.upstreamCa', 'dns.topLevelDomains']) {
      await expect(ground.started(ground.loaded(`${key}=${missing}`), silentLog)).rejects.toThrow(
        `${key}: ${missing}: the file does not exist; check the path`,
      );
    }
    const daemon = await ground.started();
    await expect(daemon.reload(ground.loaded(`dns.upstreamCa=${missing}`))).rejects.toThrow(/does not exist/);
    expect(await ask(daemon, 'web.shop.rancher.internal')).toBe('192.0.2.1/5');
  });
});
