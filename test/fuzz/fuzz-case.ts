import type { Client } from '../../src/dns/server/query-client.js';
import type { Violation } from './invariants.js';

export const TARGETS = ['query', 'decode', 'upstream'] as const;
export type TargetName = (typeof TARGETS)[number];

/** One packet and where it goes: all that is needed to run it again. */
export interface FuzzCase {
  readonly target: TargetName;
  /** What is minimised: a client's packet, a message, or an upstream's reply. */
  readonly packet: Buffer;
  readonly client: Client;
  /** For `upstream`: what the client asked. */
  readonly query?: Buffer;
}

export interface Verdict {
  /** What became of it, in a word, for the tally: `NXDOMAIN`, `silence`, `name-truncated`. */
  readonly outcome: string;
  readonly violation?: Violation;
}

/** A case as a text that a corpus file holds: `key: value` lines, `#` for comments, octets in hex. */
export function formatCase({ target, client, query, packet }: FuzzCase): string {
  return [
    `target: ${target}`,
    `client: ${client.address} ${client.port} ${client.transport}`,
    ...(query ? [`query: ${query.toString('hex')}`] : []),
    `packet: ${packet.toString('hex')}`,
    '',
  ].join('\n');
}

/** @throws Error when the text is not a case */
export function parseCase(text: string): FuzzCase {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const fields = new Map(
    lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]),
  );
  const target = TARGETS.find((name) => name === fields.get('target'));
  const [address = '', port = '', transport] = (fields.get('client') ?? '').split(' ');
  const packet = fields.get('packet');
  const query = fields.get('query');
  if (!target || packet === undefined || (transport !== 'udp' && transport !== 'tcp')) {
    throw new Error('a corpus file needs "target", "client: ADDRESS PORT udp|tcp" and "packet"');
  }
  return {
    target,
    client: { address, port: Number(port), transport },
    packet: Buffer.from(packet, 'hex'),
    ...(query !== undefined && { query: Buffer.from(query, 'hex') }),
  };
}
