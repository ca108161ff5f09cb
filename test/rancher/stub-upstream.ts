import { CLASS, FLAG, RCODE, TYPE, typeName } from '../../src/wire/constants.js';
import { nameToText } from '../../src/wire/name-text.js';
import { addressRecord } from '../support/address-record.js';
import type { ResourceRecord } from '../../src/wire/resource-record.js';
import type { HostPort } from '../../src/net/ip.js';
import { fakeUpstream, replyTo } from '../dns/forward/fake-upstream.js';
import { a, cname, name } from '../wire/helpers.js';

/** What the stub says to a question; over UDP `big` and `bigtc` names are cut off. */
export interface StubAnswer {
  readonly rcode: number;
  readonly answers: readonly ResourceRecord[];
  readonly authority: readonly ResourceRecord[];
  /** Whether a client has to come back over TCP for it. */
  readonly cutOff?: 'empty' | 'trailing-octet';
}

/**
 * The rules of the suite's `stub_upstream`.
 * @param owner lower case, without the last dot
 * @returns undefined for silence
 */
export function stubAnswer(owner: string, type: number): StubAnswer | undefined {
  const [first] = owner.split('.');
  if (first === 'timeout') return undefined;
  return byLabel(owner)[first ?? ''] ?? byName[`${owner} ${typeName(type)}`] ?? byOwner(owner, type);
}

function byLabel(owner: string): Readonly<Record<string, StubAnswer>> {
  return {
    servfail: fail(RCODE.SERVFAIL),
    nx: fail(RCODE.NXDOMAIN, [soaOfExample]),
    nodata: answer([]),
    big: { ...answer(many(owner)), cutOff: 'empty' },
    bigtc: { ...answer(many(owner)), cutOff: 'trailing-octet' },
  };
}

const byName: Readonly<Record<string, StubAnswer>> = {
  'www.example.com A': answer([a('www.example.com', '93.184.216.34', 77)]),
  'www.example.com AAAA': answer([addressRecord(name('www.example.com'), 77, '2606:2800::1')]),
  'ttl5.example.com A': answer([a('ttl5.example.com', '1.1.1.1', 5)]),
  'ttl0.example.com A': answer([a('ttl0.example.com', '1.1.1.1', 0)]),
};

function byOwner(owner: string, type: number): StubAnswer {
  if (owner !== 'cn.example.com') return fail(RCODE.NXDOMAIN);
  const targets = type === TYPE.A ? ['1.2.3.4', '1.2.3.5', '1.2.3.6'] : [];
  return answer([
    { ...cname(owner, 't.example.com'), ttl: 300 },
    ...targets.map((ip) => a('t.example.com', ip, 20)),
  ]);
}

function answer(answers: readonly ResourceRecord[]): StubAnswer {
  return { rcode: RCODE.NOERROR, answers, authority: [] };
}

function fail(rcode: number, authority: readonly ResourceRecord[] = []): StubAnswer {
  return { rcode, answers: [], authority };
}

const soaOfExample: ResourceRecord = {
  owner: name('example'),
  type: TYPE.SOA,
  class: CLASS.IN,
  ttl: 300,
  rdata: {
    kind: 'soa',
    mname: name('ns.example'),
    rname: name('h.example'),
    serial: 1,
    refresh: 2,
    retry: 3,
    expire: 4,
    minimum: 60,
  },
};

function many(owner: string): ResourceRecord[] {
  return Array.from({ length: 60 }, (_, i) => a(owner, `10.9.${Math.floor(i / 250)}.${(i % 250) + 1}`, 60));
}

export interface StubUpstream {
  readonly address: HostPort;
  /** What it was asked since the last call, as `NAME. TYPE udp|tcp @label`, each once. */
  takeQueries(): ReadonlySet<string>;
  close(): Promise<void>;
}

/** The stub as a server on loopback. @param label the port that the case file calls it by */
export async function startStub(label: string): Promise<StubUpstream> {
  let queries = new Set<string>();
  const upstream = await fakeUpstream(({ query, transport, send }) => {
    const owner = nameToText(query.question.name).toLowerCase();
    queries.add(`${owner}. ${typeName(query.question.type)} ${transport} @${label}`);
    const said = stubAnswer(owner, query.question.type);
    if (!said) return;
    if (said.cutOff === undefined || transport === 'tcp') {
      send(replyTo(query, said));
      return;
    }
    const kept = said.cutOff === 'empty' ? [] : said.answers.slice(0, 3);
    const reply = replyTo(query, { ...said, answers: kept });
    reply.writeUInt16BE(reply.readUInt16BE(2) | FLAG.TC, 2);
    send(said.cutOff === 'empty' ? reply : Buffer.concat([reply, Buffer.of(0)]));
  });
  return {
    address: upstream.address,
    takeQueries() {
      const taken = queries;
      queries = new Set();
      return taken;
    },
    close: () => upstream.close(),
  };
}
