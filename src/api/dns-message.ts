import { readU16 } from '../wire/bytes.js';
import { EDNS_OPTION, FLAG, HEADER_SIZE, rcodeName, typeName } from '../wire/constants.js';
import { absoluteName } from '../wire/fields.js';
import { decodeMessage, type Message } from '../wire/message.js';
import { rdataToText } from '../wire/record-text.js';
import type { ResourceRecord } from '../wire/resource-record.js';
import type { DnsMessageJson, RecordJson } from './types/query-json.js';

/** In the order in which `dig` prints them. */
const FLAGS = ['QR', 'AA', 'TC', 'RD', 'RA', 'AD', 'CD'] as const;

/** As many records as fit into a message, because our own replies may be as long as TCP allows. */
const LIMITS = { records: 65_535 };

/**
 * Decodes a DNS reply into the form that the API shows. Never throws. For a message that cannot be decoded, it gives
 * the response code, the reason and the bytes.
 * @param message absent or empty if there was no reply
 */
export function dnsMessageJson(message: Uint8Array | undefined): DnsMessageJson {
  if (message === undefined || message.length === 0) return undecodable('NOREPLY', '');
  const wire = Buffer.from(message.buffer, message.byteOffset, message.byteLength).toString('base64');
  const decoded = decodeMessage(message, LIMITS);
  if (decoded.ok) return shown(decoded.message, wire);
  const rcode = message.length >= HEADER_SIZE ? rcodeName(readU16(message, 2) & 15) : 'UNKNOWN';
  return { ...undecodable(rcode, wire), undecoded: `${decoded.fault} at byte ${decoded.offset}` };
}

function undecodable(rcode: string, wire: string): DnsMessageJson {
  const question = { name: '', type: '' };
  return { rcode, flags: [], question, answers: [], authority: [], additional: [], errors: [], wire };
}

function shown(message: Message, wire: string): DnsMessageJson {
  const { flags, rcode, questions, answers, authority, additionals, edns } = message;
  const [question] = questions;
  return {
    rcode: rcodeName(rcode),
    flags: FLAGS.filter((flag) => (flags & FLAG[flag]) !== 0).map((flag) => flag.toLowerCase()),
    question: {
      name: question ? absoluteName(question.name) : '',
      type: question ? typeName(question.type) : '',
    },
    answers: answers.map(recordJson),
    authority: authority.map(recordJson),
    additional: additionals.map(recordJson),
    errors: (edns?.options ?? [])
      .filter(({ code, data }) => code === EDNS_OPTION.EDE && data.length >= 2)
      .map(({ data }) => ({ code: readU16(data, 0), text: printable(data.subarray(2)) })),
    wire,
  };
}

function recordJson({ owner, type, ttl, rdata }: ResourceRecord): RecordJson {
  return { name: absoluteName(owner), type: typeName(type), ttl, data: rdataToText(rdata) };
}

/** UTF-8 without control characters, because these texts go to terminals and web pages. */
function printable(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString('utf8')
    .replace(/\p{Cc}/gu, '?');
}
