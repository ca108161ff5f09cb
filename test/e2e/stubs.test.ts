import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createClientNetwork, type ClientNetwork } from './support/client-network.js';
import { rancherSearch } from './support/labels.js';
import { describeOnHost, stubPrograms } from './support/requirements.js';
import { BIG, WEB, servicesWith, upstreamRecords } from './support/stub-services.js';
import { buildStubs, type Stub, type StubName } from './support/stubs.js';

/** A stub that waits for a better answer than it got takes 3 s (`late`). */
const patience = 'options timeout:3 attempts:2';
const search = `search ${rancherSearch('shop', 'web').join(' ')}`;

const resolvConfs = {
  'the search list of Rancher': [search, `${patience} ndots:1`],
  'no search list': [patience],
  // musl ends its search at the first name that exists, data or not: here at the stack `billing`.
  'the domain before the stack': ['search rancher.internal shop.rancher.internal', patience],
  // As Kubernetes has it: nearly every name goes through the search list first.
  'ndots:5': [search, `${patience} ndots:5`],
} as const;

/** The C libraries, Go and Java read all of resolv.conf; c-ares is asked for exact names here. */
const rows: readonly (readonly [StubName, keyof typeof resolvConfs])[] = [
  ...Object.keys(resolvConfs).flatMap((list) =>
    (['glibc', 'musl', 'Go', 'Java'] as const).map(
      (stub) => [stub, list as keyof typeof resolvConfs] as const,
    ),
  ),
  ['c-ares', 'no search list'],
];

interface Column {
  readonly what: string;
  readonly ask: string;
  /** Data, sorted, or `absent` (no such name), `empty` (no data), `again` (no answer now). */
  readonly gives: readonly string[];
  /** Stubs that cannot say that. */
  readonly but?: Partial<Record<StubName, readonly string[]>>;
}

const domain = 'rancher.internal';
const noService = { glibc: ['not asked'], musl: ['not asked'] };

const columns: readonly Column[] = [
  { what: 'a full name', ask: `addr:web.shop.${domain}`, gives: WEB },
  { what: 'a full name with its dot', ask: `addr:web.shop.${domain}.`, gives: WEB },
  { what: 'mixed case', ask: 'addr:Web.SHOP.Rancher.Internal', gives: WEB },
  { what: 'a bare service', ask: 'addr:web', gives: WEB },
  { what: 'service.stack', ask: 'addr:api.other', gives: ['10.9.1.41'] },
  { what: 'a container', ask: 'addr:shop_web_2', gives: ['10.9.1.12'] },
  { what: 'AAAA only', ask: 'addr:six', gives: ['fd00:9::61'] },
  { what: 'A and AAAA', ask: 'addr:dual', gives: ['10.9.1.21', 'fd00:9::21'] },
  { what: 'CNAME to an own name', ask: 'addr:own', gives: WEB },
  { what: 'CNAME to a name of the upstream', ask: 'addr:crm', gives: ['10.9.1.90'] },
  {
    what: '60 tasks',
    ask: `addr:big.shop.${domain}`,
    gives: ['all 60'],
    // No TCP before musl 1.2.4, no more than 48 addresses since.
    but: { musl: ['28 or more of 60'] },
  },
  { what: 'a service that is also a stack', ask: 'addr:billing', gives: ['10.9.1.31'] },
  { what: 'a service without tasks', ask: 'addr:empty', gives: ['empty'] },
  { what: 'no such service', ask: 'addr:nosuch', gives: ['absent'] },
  { what: 'no such full name', ask: `addr:nosuch.other.${domain}`, gives: ['absent'] },
  { what: 'A of the upstream', ask: 'addr:www.example.org', gives: ['10.9.1.80'] },
  { what: 'A and AAAA of the upstream', ask: 'addr:dual.example.org', gives: ['192.0.2.81', '2001:db8::81'] },
  { what: 'absent at the upstream', ask: 'addr:absent.example.org', gives: ['absent'] },
  {
    what: 'the upstream fails',
    ask: 'addr:broken.example.org',
    gives: ['again'],
    // musl takes no answer but yes and no.
    but: { musl: ['again', 'late'] },
  },
  {
    what: 'SRV',
    ask: `srv:_http._tcp.web.shop.${domain}`,
    gives: [`0 256 8080 shop-web-1.${domain}`, `0 256 8080 shop-web-2.${domain}`],
    but: noService,
  },
  { what: 'no such SRV', ask: `srv:_ftp._tcp.web.shop.${domain}`, gives: ['absent'], but: noService },
  { what: 'PTR', ask: 'ptr:10.9.1.11', gives: [`shop-web-1.${domain}`] },
  { what: 'PTR of an IPv6 address', ask: 'ptr:fd00:9::61', gives: [`shop-six-1.${domain}`] },
  { what: 'no PTR', ask: 'ptr:10.9.1.99', gives: ['absent'] },
];

describeOnHost(
  'stub resolvers with Fairlead as their only server',
  () => {
    let network: ClientNetwork;
    let stubs: Readonly<Record<StubName, Stub>>;

    beforeAll(async () => {
      network = await createClientNetwork(servicesWith(WEB), upstreamRecords);
      const dir = join(network.dir, 'stubs');
      mkdirSync(dir);
      stubs = await buildStubs(dir);
      console.info(
        Object.entries(stubs)
          .map(([name, { version }]) => `${name} ${version}`)
          .join(', '),
      );
    });

    afterAll(() => network.close());

    test.each(rows)('%s with %s', async (name, list) => {
      const stub = stubs[name];
      const client = network.client(['nameserver 169.254.169.250', ...resolvConfs[list], ''].join('\n'));
      const wanted = columns.map(({ what, gives, but }) => [what, but?.[name] ?? stub.words(gives)]);
      const asks = columns.filter(({ but }) => but?.[name]?.[0] !== 'not asked').map(({ ask }) => ask);
      const answers = await stub.ask(client, asks);
      const seen = columns.map(({ what, ask }) => [what, summary(answers.get(ask) ?? ['not asked'])]);
      expect(Object.fromEntries(seen), `${name} ${stub.version}\n${network.fairlead.log()}`).toEqual(
        Object.fromEntries(wanted),
      );
    });

    test('the upstream is asked only for names of the Internet, and never with a search domain appended', () => {
      const names = network.upstream.queries.map((query) => query.split(' ')[0] ?? '');
      expect([...new Set(names)].sort()).toEqual(
        [...Object.keys(upstreamRecords), 'absent.example.org'].sort(),
      );
    });
  },
  stubPrograms,
);

/** The addresses of the big service are counted, since a stub may be content with fewer. */
function summary(answer: readonly string[]): readonly string[] {
  const big = answer.filter((address) => BIG.includes(address));
  if (big.length === 0 || big.length < answer.length) return answer;
  if (new Set(big).size === BIG.length) return ['all 60'];
  return [big.length < 28 ? `${big.length} of 60` : '28 or more of 60'];
}
