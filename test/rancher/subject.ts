import { parseCidr } from '../../src/net/ip.js';
import type { StaticRecord } from '../../src/wire/static-record.js';
import { Catalog, type CatalogReader } from '../../src/catalog/catalog.js';
import type { Facts } from '../../src/catalog/facts.js';
import type { Client } from '../../src/dns/server/query-client.js';
import type { ResponderOptions } from '../../src/dns/server/responder-options.js';
import { createResponder } from '../../src/dns/server/responder.js';
import { FLAG, rcodeName, typeFromText } from '../../src/wire/constants.js';
import { decodeMessage } from '../../src/wire/message.js';
import { recordToText } from '../../src/wire/record-text.js';
import { Zone } from '../../src/dns/zone/zone.js';
import type { ResourceRecord } from '../../src/wire/resource-record.js';
import { query } from '../wire/helpers.js';

/** A record in words. `owner` keeps its case; it and names in `data` end in a dot. */
export interface RecordText {
  readonly owner: string;
  readonly ttl: number;
  readonly type: string;
  readonly data: string;
}

/** A reply in words. */
export interface Reply {
  readonly size: number;
  readonly rcode: string;
  /** `qr aa tc rd ra ad cd`, those that are set. */
  readonly flags: ReadonlySet<string>;
  readonly answers: readonly RecordText[];
  readonly authority: readonly RecordText[];
  readonly hasOpt: boolean;
}

export interface SubjectOptions {
  readonly catalog: Pick<CatalogReader, 'snapshot'>;
  readonly environment: string;
  readonly ttl?: number;
  readonly records?: readonly StaticRecord[];
  readonly forwarder?: ResponderOptions['forwarder'];
}

/** Fairlead's zone and the rules that packets are answered by. */
export interface Subject {
  /** @returns undefined for silence */
  send(packet: Uint8Array, client: Omit<Client, 'port'>): Promise<Reply | undefined>;
  /** Asks over TCP, so that no answer is cut off. */
  ask(name: string, type: string, address: string): Promise<Reply | undefined>;
}

export function catalogOf(facts: Facts): Catalog {
  const catalog = new Catalog({ clock: () => 0 });
  const sink = catalog.sink('rancher');
  sink.replace(facts);
  sink.status({ state: 'live', asOf: 0 });
  return catalog;
}

export function createSubject({
  catalog,
  environment,
  ttl = 600,
  records = [],
  forwarder,
}: SubjectOptions): Subject {
  const resolver = new Zone({
    catalog,
    domain: 'rancher.internal',
    environment,
    ttl,
    negativeTtl: 1,
    nameServers: ['169.254.169.250'],
    serialBase: 1,
    // Rancher answered everybody.
    allow: ['0.0.0.0/0', '::/0'].map(parseCidr).filter((range) => range !== undefined),
    records,
  });
  const responder = createResponder({ resolver, ...(forwarder && { forwarder }) });
  const send: Subject['send'] = async (packet, client) => {
    const message = await responder.respond(packet, { ...client, port: 5353 });
    return message && readReply(message);
  };
  return {
    send,
    ask: (name, type, address) => send(query(name, typeFromText(type) ?? 0), { address, transport: 'tcp' }),
  };
}

const flagNames = Object.entries(FLAG).map(([name, bit]) => [name.toLowerCase(), bit] as const);

function readReply(packet: Uint8Array): Reply {
  const result = decodeMessage(packet, { records: 10_000 });
  if (!result.ok) throw new Error(`the reply cannot be read: ${result.fault} at octet ${result.offset}`);
  const { flags, rcode, answers, authority, edns } = result.message;
  return {
    size: packet.length,
    rcode: rcodeName(rcode),
    flags: new Set(flagNames.filter(([, bit]) => (flags & bit) !== 0).map(([name]) => name)),
    answers: answers.map(recordText),
    authority: authority.map(recordText),
    hasOpt: edns !== undefined,
  };
}

export function recordText(record: ResourceRecord): RecordText {
  const [owner = '', ttl = '', , type = '', ...data] = recordToText(record).split(' ');
  return { owner, ttl: Number(ttl), type, data: data.join(' ') };
}
