import { RCODE, TYPE } from '../../src/wire/constants.js';
import type { Query } from '../../src/wire/query-message.js';
import { addressRecord } from '../support/address-record.js';
import type { ResourceRecord } from '../../src/wire/resource-record.js';
import { DOMAIN, STACK } from '../conformance/golden/fixture.js';
import { query } from '../conformance/packets.js';
import { wireName } from '../support/soa.js';
import { startDaemon } from './daemon.js';
import { always, never, type Figure } from './figure.js';
import { UdpClient } from './udp-client.js';
import { addressReply, HONEST_ADDRESS, reply, startUpstream, type UpstreamQuery } from './upstream.js';

const ATTACK = 'spoofed replies';
/** In ms. */
const PATIENCE = 40_000;
const FORGED_ADDRESS = '198.51.100.66';
const forged = Buffer.of(198, 51, 100, 66);
const honest = Buffer.from(HONEST_ADDRESS.split('.').map(Number));

type Act = (asked: UpstreamQuery) => void;

interface Forgery {
  readonly what: string;
  /** What happens when a query comes to the upstream; the honest reply is part of it, where there is one. */
  readonly act: Act;
  /** Each asks for a new name. */
  readonly queries?: number;
  /** The upstream itself is the forger: its own address is right, and what it adds must not be there. */
  readonly byUpstream?: boolean;
}

const wrongId = (message: Buffer, by: number) => {
  const copy = Buffer.from(message);
  copy.writeUInt16BE((copy.readUInt16BE(0) + by) & 0xffff, 0);
  return copy;
};

const withQuestion = (query: Query, change: Partial<Query['question']>): Query => ({
  ...query,
  question: { ...query.question, ...change },
});

const answersHonestly: Act = ({ query, send }) => send(addressReply(query));

/** Over TCP nobody can forge: whatever comes there is the upstream's. */
const first = (forge: (asked: UpstreamQuery) => void): Act => {
  return (asked) => {
    if (asked.transport === 'udp') forge(asked);
    answersHonestly(asked);
  };
};

const own = wireName(`web.${STACK}.${DOMAIN}`);
const ownRecord = (ttl = 3600): ResourceRecord => addressRecord(own, ttl, FORGED_ADDRESS);

const adding = (where: 'answers' | 'authority' | 'additionals'): Act => {
  return ({ query, send }) => {
    const answers = [addressRecord(query.question.name, 300, HONEST_ADDRESS)];
    const body = { rcode: RCODE.NOERROR, answers };
    const more = where === 'answers' ? { answers: [...answers, ownRecord()] } : { [where]: [ownRecord()] };
    send(reply(query, { ...body, ...more }));
  };
};

const forgeries: readonly Forgery[] = [
  {
    what: 'right in all but the port, 100 a query',
    act: first(({ query, forge }) => {
      for (let i = 0; i < 100; i++) forge(addressReply(query, FORGED_ADDRESS));
    }),
  },
  {
    what: 'five wrong IDs a query',
    act: first(({ query, send }) => {
      for (let by = 1; by <= 5; by++) send(wrongId(addressReply(query, FORGED_ADDRESS), by));
    }),
  },
  {
    what: 'every wrong ID, 65,535 a query',
    queries: 1,
    act: first(({ query, send }) => {
      for (let by = 1; by <= 65_535; by++) send(wrongId(addressReply(query, FORGED_ADDRESS), by));
    }),
  },
  {
    what: 'another name, type or class',
    act: first(({ query, send }) => {
      send(addressReply(withQuestion(query, { name: wireName('other.example') }), FORGED_ADDRESS));
      send(addressReply(withQuestion(query, { type: TYPE.AAAA }), FORGED_ADDRESS));
      send(addressReply(withQuestion(query, { class: 3 }), FORGED_ADDRESS));
    }),
  },
  {
    what: 'broken off in the middle of a record',
    act: first(({ query, send }) => {
      const message = addressReply(query, FORGED_ADDRESS);
      for (let cut = 1; cut < 6; cut++) send(message.subarray(0, message.length - 12 - cut));
    }),
  },
  {
    what: 'a second reply, after the honest one',
    act: ({ query, send }) => {
      send(addressReply(query));
      send(addressReply(query, FORGED_ADDRESS));
    },
  },
  { what: 'an address of ours among the answers', act: adding('answers'), byUpstream: true },
  { what: 'an address of ours in authority', act: adding('authority'), byUpstream: true },
  { what: 'an address of ours in additional', act: adding('additionals'), byUpstream: true },
  {
    what: 'a CNAME into our domain, and an address there',
    byUpstream: true,
    act: ({ query, send }) => {
      const cname = { owner: query.question.name, type: TYPE.CNAME, class: 1, ttl: 300 };
      const answers = [{ ...cname, rdata: { kind: 'cname' as const, target: own } }, ownRecord()];
      send(reply(query, { rcode: RCODE.NOERROR, answers }));
    },
  },
];

/** Forged replies: how many of them a client sees, or the cache keeps. */
export async function spoofing(): Promise<Figure[]> {
  let act: Act = answersHonestly;
  const upstream = await startUpstream((asked) => act(asked));
  // Sending 65,535 forgeries takes seconds on a busy machine: what counts is the one answer, not when it comes.
  const times = { hedge: PATIENCE / 2, deadline: PATIENCE };
  const daemon = await startDaemon({ upstreams: [upstream.address], times });
  const client = await UdpClient.open(daemon.address);
  const figures: Figure[] = [];
  try {
    let name = 0;
    for (const { what, queries = 20, byUpstream, act: next } of forgeries) {
      act = next;
      const asked = Array.from({ length: queries }, () => query(`spoofed-${++name}.example.`, TYPE.A));
      const replies = await askAll(client, asked);
      act = answersHonestly;
      // From the cache, where a forgery would have stayed; and our own name, in case it took the place of that.
      const later = await askAll(client, asked);
      const ours = await client.ask(query(`web.${STACK}`, TYPE.A, { opt: {} }));
      const all = [...replies, ...later, ours].filter((each) => each !== undefined);
      figures.push(never(ATTACK, what, all.filter((each) => each.includes(forged)).length, queries));
      if (byUpstream) continue;
      const right = replies.filter((each) => each?.includes(honest)).length;
      figures.push(always(ATTACK, `  honest answer all the same`, right, queries));
    }
    return [...figures, never(ATTACK, 'faults', daemon.faults.length, name)];
  } finally {
    client.close();
    await daemon.stop();
    await upstream.close();
  }
}

const askAll = (client: UdpClient, packets: readonly Buffer[]) =>
  Promise.all(packets.map((packet) => client.ask(packet, PATIENCE)));
