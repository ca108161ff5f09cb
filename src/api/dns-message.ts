import { decode, encode, type Answer, type DecodedPacket } from 'dns-packet';
import type { DnsMessageJson, RecordJson } from './types/query.js';

/** Names of response codes (IANA "DNS RCODEs"); 16 and above take the high bits from the OPT record (RFC 6891). */
const RCODES = [
  ...['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED', 'YXDOMAIN', 'YXRRSET', 'NXRRSET'],
  ...['NOTAUTH', 'NOTZONE'],
] as const;

/** Query types that dns-packet has no name for. */
const MORE_TYPES: Readonly<Record<string, string>> = { UNKNOWN_64: 'SVCB', UNKNOWN_65: 'HTTPS' };

/** The EDNS option of extended DNS errors (RFC 8914 section 2). */
const OPTION_EDE = 15;

type DecodedFlag = 'qr' | 'aa' | 'tc' | 'rd' | 'ra' | 'ad' | 'cd';
const FLAGS: readonly DecodedFlag[] = ['qr', 'aa', 'tc', 'rd', 'ra', 'ad', 'cd'];

/**
 * Decodes a DNS response into what the API shows. Never throws: of a message that cannot be decoded the header is told,
 * the reason, and the bytes.
 * @param message absent or empty: there was no reply
 */
export function dnsMessageJson(message: Uint8Array | undefined): DnsMessageJson {
  if (message === undefined || message.length === 0) return headerOnly('NOREPLY', '');
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
  try {
    return decoded(decode(bytes), bytes);
  } catch (error) {
    const why = error instanceof Error ? error.message : 'malformed message';
    const rcode = bytes.length >= 12 ? rcodeName(bytes.readUInt16BE(2) & 15) : 'UNKNOWN';
    return { ...headerOnly(rcode, bytes.toString('base64')), undecoded: escapeText(why) };
  }
}

function headerOnly(rcode: string, wire: string): DnsMessageJson {
  const question = { name: '', type: '' };
  return { rcode, flags: [], question, answers: [], authority: [], additional: [], errors: [], wire };
}

function decoded(packet: DecodedPacket, bytes: Buffer): DnsMessageJson {
  const question = packet.questions?.[0];
  const additionals = packet.additionals ?? [];
  const opt = additionals.find((record) => record.type === 'OPT');
  const records = (answers: readonly Answer[] | undefined) =>
    (answers ?? []).map(recordJson).filter((record) => record !== undefined);
  return {
    rcode: rcodeName((bytes.readUInt16BE(2) & 15) | ((opt?.extendedRcode ?? 0) << 4)),
    flags: FLAGS.filter((flag) => packet[`flag_${flag}`]),
    question: {
      name: question ? nameText(question.name) : '',
      type: question ? typeName(question.type) : '',
    },
    answers: records(packet.answers),
    authority: records(packet.authorities),
    additional: records(additionals),
    errors: (opt?.options ?? [])
      .map(({ code, data }: { code: number; data?: Buffer | undefined }) => ({ code, data }))
      .filter(({ code, data }) => code === OPTION_EDE && data !== undefined && data.length >= 2)
      .map(({ data = Buffer.alloc(2) }) => ({
        code: data.readUInt16BE(0),
        text: data
          .subarray(2)
          .toString('utf8')
          .replace(/\p{Cc}/gu, '?'),
      })),
    wire: bytes.toString('base64'),
  };
}

function rcodeName(code: number): string {
  return RCODES[code] ?? (code === 16 ? 'BADVERS' : `RCODE${code}`);
}

function typeName(type: string): string {
  return MORE_TYPES[type] ?? type.replace(/^UNKNOWN_/, 'TYPE');
}

/** @returns undefined for OPT, which is no record of data */
function recordJson(answer: Answer): RecordJson | undefined {
  if (answer.type === 'OPT') return undefined;
  return {
    name: nameText(answer.name),
    type: typeName(answer.type),
    ttl: answer.ttl ?? 0,
    data: dataText(answer),
  };
}

/** Record data in presentation format. */
function dataText(answer: Exclude<Answer, { type: 'OPT' }>): string {
  const { type } = answer;
  if (type === 'A' || type === 'AAAA') return answer.data;
  if (type === 'CNAME' || type === 'DNAME' || type === 'NS' || type === 'PTR') return nameText(answer.data);
  if (type === 'MX') return `${answer.data.preference ?? 0} ${nameText(answer.data.exchange)}`;
  if (type === 'TXT') return [answer.data].flat().map(quoted).join(' ');
  if (type === 'CAA')
    return `${answer.data.flags ?? 0} ${escapeText(answer.data.tag)} ${quoted(answer.data.value)}`;
  if (type === 'SRV') {
    const { priority, weight, port, target } = answer.data;
    return `${priority ?? 0} ${weight ?? 0} ${port} ${nameText(target)}`;
  }
  if (type === 'SOA') {
    const { mname, rname, serial, refresh, retry, expire, minimum } = answer.data;
    const numbers = [serial, refresh, retry, expire, minimum].map((number) => number ?? 0);
    return [nameText(mname), nameText(rname), ...numbers].join(' ');
  }
  return genericData(answer);
}

/** RFC 3597 section 5: `\# length hex`. */
function genericData(answer: Answer): string {
  // A root owner makes the encoded message 12 octets of header, 1 of owner and 10 of fixed fields before the data.
  const data = encode({ type: 'response', answers: [{ ...answer, name: '.' }] }).subarray(23);
  return data.length === 0 ? '\\# 0' : `\\# ${data.length} ${data.toString('hex')}`;
}

function nameText(name: string): string {
  const text = escapeText(name);
  return text === '' || text === '.' ? '.' : `${text}.`;
}

function quoted(text: string | Buffer): string {
  const bytes = Buffer.from(text);
  const inner = [...bytes].map((byte) => {
    if (byte === 0x22 || byte === 0x5c) return `\\${String.fromCharCode(byte)}`;
    return byte >= 0x20 && byte <= 0x7e ? String.fromCharCode(byte) : decimalEscape(byte);
  });
  return `"${inner.join('')}"`;
}

/** A name or a word with everything that is not printable as `\DDD`: these texts go to terminals and pages. */
function escapeText(text: string): string {
  return /^[\x21-\x7e]*$/.test(text)
    ? text
    : [...Buffer.from(text)]
        .map((byte) => (byte > 0x20 && byte <= 0x7e ? String.fromCharCode(byte) : decimalEscape(byte)))
        .join('');
}

function decimalEscape(byte: number): string {
  return `\\${String(byte).padStart(3, '0')}`;
}
