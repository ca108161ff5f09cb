import { describe, expect, it } from 'vitest';
import { createRebindFilter } from '../../../src/dns/forward/rebind.js';
import { EDE, RCODE, TYPE } from '../../../src/wire/constants.js';
import { addressRecord } from '../../support/address-record.js';
import type { ResourceRecord } from '../../../src/wire/resource-record.js';
import { composeReply } from '../../../src/wire/reply.js';
import { parseCidr } from '../../../src/net/ip.js';
import { a, cname, decoded, name, parsed, query } from '../../wire/helpers.js';
import { replyTo, type FakeUpstream } from './fake-upstream.js';
import { forwarder, outcome, QNAME, question, upstream } from './harness.js';

const server = { ip: '192.0.2.53', port: 53 };
const own = () => ['203.0.113.0/24', '2001:db8:5::/48'].map(parseCidr).filter((each) => each !== undefined);

function filter(allow: readonly string[] = []) {
  const state = { now: 0, told: [] as string[] };
  const log = { warn: (message: string) => void state.told.push(message) };
  const rebind = createRebindFilter({ ownNetworks: own, allow }, log, () => state.now);
  return {
    state,
    blocks: (text: string, ...answers: ResourceRecord[]) => {
      const type = answers[0]?.type ?? TYPE.A;
      const packet = composeReply(parsed(query(text, type)), { rcode: 0, answers }, 4096).message;
      return rebind.blocks(name(text), decoded(packet), server);
    },
  };
}

describe('rebinding protection', () => {
  it.each([
    ['127.0.0.1', true],
    ['127.255.0.3', true],
    ['0.0.0.0', true],
    ['10.1.2.3', true],
    ['172.16.0.1', true],
    ['172.31.255.255', true],
    ['172.32.0.1', false],
    ['192.168.1.1', true],
    ['192.169.1.1', false],
    ['169.254.169.254', true],
    ['100.64.0.1', true],
    ['100.128.0.1', false],
    ['203.0.113.9', true],
    ['192.0.2.1', false],
    ['8.8.8.8', false],
    ['::', true],
    ['::1', true],
    ['fc00::1', true],
    ['fdff::1', true],
    ['fe80::1', true],
    ['febf::1', true],
    ['fec0::1', false],
    ['2001:db8:5::1', true],
    ['2001:db8:6::1', false],
    ['64:ff9b::a00:1', true],
    ['64:ff9b::808:808', false],
  ])('%s: %s', (address, expected) => {
    expect(filter().blocks(QNAME, addressRecord(name(QNAME), 60, address))).toBe(expected);
  });

  it.each([
    ['::ffff:10.0.0.1', true],
    ['::ffff:203.0.113.1', true],
    ['::ffff:8.8.8.8', false],
  ])('looks into %s: %s', (mapped, expected) => {
    const v4 = mapped.slice(7).split('.').map(Number);
    const address = Uint8Array.from([...Buffer.alloc(10), 0xff, 0xff, ...v4]);
    const record: ResourceRecord = {
      ...a(QNAME, '192.0.2.1'),
      type: TYPE.AAAA,
      rdata: { kind: 'aaaa', address },
    };
    expect(filter().blocks(QNAME, record)).toBe(expected);
  });

  it('looks at every address, even at the end of chains', () => {
    const { blocks } = filter();
    expect(blocks(QNAME, a(QNAME, '192.0.2.1'), a(QNAME, '10.0.0.1'))).toBe(true);
    expect(blocks(QNAME, cname(QNAME, 'b.example'), a('b.example', '10.0.0.1'))).toBe(true);
    expect(blocks(QNAME, cname(QNAME, 'b.example'))).toBe(false);
  });

  it('allows listed names, and judges by the queried name', () => {
    const { blocks } = filter(['Corp.Example', 'exact.example.org.']);
    expect(blocks('www.corp.example', a('www.corp.example', '10.0.0.1'))).toBe(false);
    expect(blocks('corp.example', a('corp.example', '10.0.0.1'))).toBe(false);
    expect(blocks('exact.example.org', a('exact.example.org', '10.0.0.1'))).toBe(false);
    expect(blocks('xcorp.example', a('xcorp.example', '10.0.0.1'))).toBe(true);
    const alias = [cname('evil.example', 'www.corp.example'), a('www.corp.example', '10.0.0.1')] as const;
    expect(blocks('evil.example', ...alias)).toBe(true);
    expect(() => filter(['a..b'])).toThrow(
      /^dns\.rebindProtection\.allow: "a\.\.b" is not a valid domain name/,
    );
  });

  it('reports a name once a minute, and only as many names as it can remember', () => {
    const { state, blocks } = filter();
    const ask = (text: string) => blocks(text, a(text, '10.0.0.1'));
    for (const at of [0, 59_999, 60_000]) {
      state.now = at;
      ask(QNAME);
    }
    expect(state.told).toEqual(
      Array.from(
        { length: 2 },
        () =>
          '192.0.2.53:53 answered www.example.org with the private address 10.0.0.1, which was withheld (DNS rebinding); ' +
          'if this is intended, add the name to dns.rebindProtection.allow',
      ),
    );
    for (let at = 0; at < 1000; at++) expect(ask(`${at}.example.org`)).toBe(true);
    expect(state.told.length).toBe(257);
  });
});

describe('a forwarder with rebinding protection', () => {
  const inner = (): Promise<FakeUpstream> =>
    upstream(({ query, send }) => {
      const answers = [a(QNAME, '192.0.2.1'), a(QNAME, '10.0.0.1')];
      send(replyTo(query, { rcode: 0, answers, ad: true }));
    });
  const rebind = { ownNetworks: own, allow: [] };

  it('answers without data, says why, and counts', async () => {
    const forward = forwarder([await inner()], { rebind });
    const result = await forward.exchange(question());
    expect(result).toMatchObject({
      ok: true,
      message: { rcode: RCODE.NOERROR, answers: [], authority: [] },
      ede: { code: EDE.FILTERED },
    });
    expect(forward.counters()).toMatchObject({ filtered: 1, failures: 0 });
  });

  it.each([
    ['it is not asked to protect', { protect: false }],
    ['the name is below a suffix that is forwarded', { protect: true, suffix: 'example.org' }],
    ["the server is the client's own", { protect: true, own: true }],
  ])('returns such an address when %s', async (_, { protect, suffix, own: isOwn }: Setting) => {
    const fake = await inner();
    const forward = forwarder(isOwn ? [] : [fake], {
      ...(protect && { rebind }),
      ...(suffix !== undefined && { forward: new Map([[suffix, [fake.address]]]) }),
    });
    const asked = question(QNAME, isOwn ? { upstreams: [fake.address] } : {});
    expect(outcome(await forward.exchange(asked))).toEqual([1, 1]);
  });
});

interface Setting {
  readonly protect: boolean;
  readonly suffix?: string;
  readonly own?: boolean;
}
