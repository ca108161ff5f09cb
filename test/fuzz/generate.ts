import type { Client } from '../../src/dns/server/query-client.js';
import type { FuzzCase, TargetName } from './fuzz-case.js';
import { mutate } from './mutate.js';
import { anyQuery, foreignQuery } from './query-grammar.js';
import { Random } from './random.js';
import { anyReply } from './reply-grammar.js';
import { wire } from './wire-names.js';

/** The host, tasks of the golden zone, and addresses of its network that no task has. */
const clients = ['127.0.0.1', '10.42.0.11', '10.42.0.50', '10.42.0.200', '10.52.0.1', 'fd00::9'] as const;

/** Whom nobody here knows. */
export const STRANGER = '198.51.100.7';

/** The case that a seed and a number stand for. */
export function generate(target: TargetName, seed: number, index: number): FuzzCase {
  const random = new Random(seed, index);
  const client = anyClient(random);
  switch (target) {
    case 'query':
      return { target, client, packet: maybeMutated(random, anyQuery(random), () => anyQuery(random)) };
    case 'decode':
      return { target, client, packet: anyOctets(random) };
    case 'upstream': {
      const query = foreignQuery(random);
      const reply = () => anyReply(random, askedUpstream(query));
      // Past the question, or hardly any would be taken for a reply to it.
      const from = random.oneIn(6) ? 0 : query.indexOf(0, 12) + 5;
      return { target, client, query, packet: maybeMutated(random, reply(), reply, from) };
    }
  }
}

function anyClient(random: Random): Client {
  return {
    address: random.oneIn(40) ? STRANGER : random.pick(clients),
    port: 1024 + random.below(64_000),
    transport: random.oneIn(4) ? 'tcp' : 'udp',
  };
}

function maybeMutated(random: Random, packet: Buffer, donor: () => Buffer, from = 0): Buffer {
  return random.below(10) < 3 ? mutate(random, packet, from, donor) : packet.subarray(0, 65_535);
}

/** From noise to a whole reply. */
function anyOctets(random: Random): Buffer {
  const roll = random.below(10);
  if (roll === 0) return random.octets(random.below(200));
  if (roll === 1) return maybeMutated(random, anyQuery(random), () => anyQuery(random));
  const reply = () =>
    anyReply(random, { name: wire('outside.example'), type: random.pick([1, 5, 16, 28, 33]) });
  return roll < 6 ? mutate(random, reply(), 0, reply) : reply();
}

/** The question that a forwarder makes of a client's; the alias of the golden zone leads to another name. */
function askedUpstream(query: Buffer): { name: Buffer; type: number } {
  const end = query.indexOf(0, 12) + 1;
  const name = query.subarray(12, end);
  const isAlias = name.subarray(1, 10).toString('latin1').startsWith('ext\x05stack');
  return { name: isAlias ? wire('outside.example') : name, type: query.readUInt16BE(end) };
}
