import { DOMAIN, SOA_TIMES, STACK, TTL } from '../golden/fixture.js';
import type { Ask, Carriage, ConformanceCase, Expected, ExpectedReply, RecordLines } from '../model.js';
import { fullName, query } from '../packets.js';

type Rest = Omit<ConformanceCase, 'item' | 'name' | 'carriage' | 'asks'>;

/** A row of one datagram. */
export function udp(
  item: number,
  name: string,
  packet: Uint8Array,
  expect: Expected,
  rest: Rest = {},
): ConformanceCase {
  return { item, name, carriage: { over: 'udp' }, asks: [{ packet, expect }], ...rest };
}

/** A row of messages on one connection. */
export function tcp(
  item: number,
  name: string,
  asks: readonly Ask[],
  { carriage = {}, ...rest }: Rest & { carriage?: Omit<Extract<Carriage, { over: 'tcp' }>, 'over'> } = {},
): ConformanceCase {
  return { item, name, carriage: { over: 'tcp', ...carriage }, asks, ...rest };
}

/** The SOA of the golden zone as a denial carries it. */
export const SOA = soaOf(DOMAIN, 1);

export function soaOf(owner: string, minimum: number): string {
  const { serial, refresh, retry, expire } = SOA_TIMES;
  const times = [serial, refresh, retry, expire, minimum].join(' ');
  return `${owner}. ${Math.min(TTL, minimum)} IN SOA ns.${DOMAIN}. hostmaster.${DOMAIN}. ${times}`;
}

/** Records of one name below the domain: `records('web.stack', 'A 10.42.0.11')`. */
export function records(name: string, ...data: readonly string[]): RecordLines {
  return data.map((each) => `${fullName(name)}. ${TTL} IN ${each}`);
}

export const WEB = ['10.42.0.11', '10.42.0.12', '10.42.0.13'] as const;

/** The addresses of `web.stack`, under any name of its own. */
export function webRecords(name = `web.${STACK}`): RecordLines {
  return records(name, ...WEB.map((address) => `A ${address}`));
}

type More = Omit<ExpectedReply, 'rcode'>;

export const noerror = (answer: RecordLines | number, more: More = {}): ExpectedReply => ({
  rcode: 'NOERROR',
  answer,
  ...more,
});

/** NOERROR without data: SOA in the authority section, AA (RFC 2308 section 2.2). */
export const nodata = (more: More = {}): ExpectedReply => ({ rcode: 'NOERROR', authority: [SOA], ...more });

/** RFC 2308 section 2.1. */
export const nxdomain = (more: More = {}): ExpectedReply => ({
  rcode: 'NXDOMAIN',
  authority: [SOA],
  ...more,
});

/** Of a message that could not be taken for a query: nothing was looked at, so neither AA nor RA. */
export const formerr = (more: More = {}): ExpectedReply => ({ rcode: 'FORMERR', flags: 'RD', ...more });

/** A bare header: the question could not be read. */
export const bareFormerr: ExpectedReply = formerr({ question: 'none' });

export const refused = (more: More = {}): ExpectedReply => ({ rcode: 'REFUSED', flags: 'RD RA', ...more });

export const servfail = (more: More = {}): ExpectedReply => ({ rcode: 'SERVFAIL', flags: 'RD RA', ...more });

/** A query that any server of the golden zone answers, and its answer: to see that a connection still serves. */
export function plainAsk(type: number, id: number): Ask {
  return { packet: query(`web.${STACK}`, type, { id }), expect: noerror(webRecords()) };
}
