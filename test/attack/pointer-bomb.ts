import dnsPacket from 'dns-packet';
import { FLAG, RCODE, TYPE } from '../../src/wire/constants.js';
import { decodeMessage } from '../../src/wire/message.js';
import { query, u16 } from '../conformance/packets.js';
import { startDaemon } from './daemon.js';
import { always, never, type Figure } from './figure.js';
import { round } from './heap.js';
import { askTcp } from './tcp-ask.js';
import { UdpClient } from './udp-client.js';
import { reply, startUpstream } from './upstream.js';

const ATTACK = 'pointer bomb, 64 KiB';
const HEADER_SIZE = 12;

/** A message of the largest size, whose every record points at a name of 127 labels. */
export function pointerBomb(id: number, flags: number, question: Uint8Array): Buffer {
  const name = Buffer.concat([...Array.from({ length: 127 }, () => Buffer.of(1, 0x61)), Buffer.of(0)]);
  const nameAt = HEADER_SIZE + question.length;
  // A TXT record of the root carries the long name, so that the question can be that of a real query.
  const carrier = Buffer.concat([Buffer.of(0), u16(65280, 1, 0, 0, name.length), name]);
  const pointing = Buffer.concat([
    Buffer.of(0xc0, nameAt + 11),
    u16(TYPE.A, 1, 0, 0, 4),
    Buffer.of(192, 0, 2, 1),
  ]);
  const count = Math.floor((65_535 - nameAt - carrier.length) / pointing.length);
  return Buffer.concat([
    u16(id, flags, 1, count + 1, 0, 0),
    question,
    carrier,
    ...Array.from({ length: count }, () => pointing),
  ]);
}

/** @param rounds how often each is tried */
export async function pointerBombs(rounds = 20): Promise<Figure[]> {
  const upstream = await startUpstream(({ query: asked, transport, send }) => {
    const question = Buffer.concat([asked.question.name, u16(asked.question.type, 1)]);
    if (asked.question.type === TYPE.NS) send(pointerChain(asked.id, question));
    else if (transport === 'tcp') send(pointerBomb(asked.id, FLAG.QR | FLAG.RA, question));
    else send(cutOff(reply(asked, { rcode: RCODE.NOERROR })));
  });
  const daemon = await startDaemon({ upstreams: [upstream.address] });
  const client = await UdpClient.open(daemon.address);
  try {
    const asQuery = pointerBomb(7, FLAG.RD, query('web', TYPE.A).subarray(HEADER_SIZE));
    const refusals = await repeat(rounds, () => askTcp(daemon.address, asQuery));
    const relayed = await repeat(rounds, (time) => client.ask(query(`bomb-${time}.example.`, TYPE.A)));
    const chained = query('chain.example.', TYPE.NS, { opt: {} });
    const perHit = await timePerReply(client, chained, rounds);
    const perOwn = await timePerReply(client, query('ns', TYPE.A), rounds);
    const decoding = timeOf(() => decodeMessage(asQuery));
    const worst = timeOf(() => decodeMessage(costliestReply));
    const withRcode = (replies: readonly (Buffer | undefined)[], rcode: number) =>
      replies.filter((each) => ((each?.readUInt8(3) ?? 0) & 0xf) === rcode).length;
    return [
      always(ATTACK, 'as a query over TCP: FORMERR', withRcode(refusals, RCODE.FORMERR), rounds),
      always(ATTACK, "as an upstream's reply: SERVFAIL", withRcode(relayed, RCODE.SERVFAIL), rounds),
      {
        attack: ATTACK,
        what: 'decoding / dns-packet decoding the same',
        value: round(decoding / timeOf(() => dnsPacket.decode(asQuery))),
        unit: 'x the time',
        bound: { atMost: 0.1, because: 'the bomb is refused by what its header says, and not taken apart' },
        beside: `${decoding} ms`,
      },
      {
        attack: ATTACK,
        what: 'decoding the costliest that is taken / an honest one of as many records',
        value: round(worst / timeOf(() => decodeMessage(honestReply))),
        unit: 'x the time',
        bound: { atMost: 10, because: 'three names a record, and a limit for the pointers of each' },
        beside: `${worst} ms`,
      },
      {
        attack: ATTACK,
        what: 'a reply from the cache, 8 KiB of pointers / a reply of our own',
        value: round(perHit / perOwn),
        unit: 'x the time',
        bound: { atMost: 5, because: 'a kept reply is relayed, and not decoded for each client' },
        beside: `${perHit} ms`,
      },
      never(ATTACK, 'faults', daemon.faults.length, 2 * rounds),
    ];
  } finally {
    client.close();
    await daemon.stop();
    await upstream.close();
  }
}

/** As much as the cache keeps. */
const CHAIN_SIZE = 8000;

/** Name servers whose names lead to one another, and then many that lead to the last: all of it was asked for. */
function pointerChain(id: number, question: Uint8Array): Buffer {
  const records: Buffer[] = [];
  let at = HEADER_SIZE + question.length;
  for (let target = HEADER_SIZE; at < CHAIN_SIZE && records.length < 500;) {
    const rdata =
      records.length < 120 ? Buffer.of(1, 0x61, 0xc0 | (target >> 8), target & 0xff) : u16(0xc000 | target);
    if (rdata.length === 4) target = at + 12;
    const record = Buffer.concat([u16(0xc00c, TYPE.NS, 1, 0, 3600, rdata.length), rdata]);
    records.push(record);
    at += record.length;
  }
  return Buffer.concat([u16(id, FLAG.QR | FLAG.RA, 1, records.length, 0, 0), question, ...records]);
}

/** The median over the second half of some queries, one after the other, in ms. */
async function timePerReply(client: UdpClient, packet: Buffer, rounds: number): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < 4 * rounds; i++) {
    const started = performance.now();
    await client.ask(packet);
    times.push(performance.now() - started);
  }
  const half = times.slice(2 * rounds).sort((a, b) => a - b);
  return round(half[rounds] ?? 0);
}

/** Records that a reply may have. */
const RECORDS = 509;
const question = query('web', TYPE.A).subarray(HEADER_SIZE);

/** As many records as are taken, each with three names that are 127 pointers long. */
const costliestReply = ((): Buffer => {
  const chain: Buffer[] = [Buffer.of(1, 0x61, 0)];
  const chainAt = HEADER_SIZE + question.length + 11;
  let last = chainAt;
  for (let at = chainAt + 3; chain.length < 127; at += 4) {
    chain.push(Buffer.concat([Buffer.of(1, 0x61), u16(0xc000 | last)]));
    last = at;
  }
  const links = Buffer.concat(chain);
  const carrier = Buffer.concat([Buffer.of(0), u16(65280, 1, 0, 0, links.length), links]);
  const name = u16(0xc000 | last);
  const soa = Buffer.concat([name, u16(TYPE.SOA, 1, 0, 60, 24), name, name, Buffer.alloc(20)]);
  return replyWith([carrier, ...Array.from({ length: RECORDS }, () => soa)]);
})();

const honestReply = replyWith(
  Array.from({ length: RECORDS + 1 }, () =>
    Buffer.concat([u16(0xc00c, TYPE.A, 1, 0, 60, 4), Buffer.of(192, 0, 2, 1)]),
  ),
);

function replyWith(records: readonly Buffer[]): Buffer {
  return Buffer.concat([u16(7, FLAG.QR | FLAG.RA, 1, records.length, 0, 0), question, ...records]);
}

function cutOff(message: Buffer): Buffer {
  message.writeUInt16BE(message.readUInt16BE(2) | FLAG.TC, 2);
  return message;
}

async function repeat(
  rounds: number,
  ask: (time: number) => Promise<Buffer | undefined>,
): Promise<(Buffer | undefined)[]> {
  const replies: (Buffer | undefined)[] = [];
  for (let i = 0; i < rounds; i++) replies.push(await ask(i));
  return replies;
}

/** The median of some runs, in ms. */
function timeOf(run: () => void): number {
  const times = Array.from({ length: 9 }, () => {
    const started = performance.now();
    run();
    return performance.now() - started;
  });
  return Math.round((times.sort((a, b) => a - b)[4] ?? 0) * 1000) / 1000;
}
