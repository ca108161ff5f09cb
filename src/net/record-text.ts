import { canonicalIp, ipFamily } from './ip.js';

/** One resource record of a name, as an operator writes it. Names are lower case, without a dot at the end; '' is the root. */
export type StaticRecord = {
  /** `printer.lan`, `*.dev.example`. */
  readonly owner: string;
  /** Seconds; absent: as for all other names. */
  readonly ttl?: number;
} & StaticData;

export type StaticData =
  | { readonly type: 'A' | 'AAAA'; readonly address: string }
  | { readonly type: 'CNAME' | 'PTR'; readonly target: string }
  | {
      readonly type: 'SRV';
      readonly priority: number;
      readonly weight: number;
      readonly port: number;
      /** '' says that the service is not offered here (RFC 2782). */
      readonly target: string;
    }
  /** Each string has 255 octets at most, one character an octet. */
  | { readonly type: 'TXT'; readonly strings: readonly string[] };

export type RecordResult =
  | { readonly ok: true; readonly record: StaticRecord }
  /** `fault` goes on the sentence "the record ...". */
  | { readonly ok: false; readonly fault: string };

const TYPES: readonly StaticData['type'][] = ['A', 'AAAA', 'CNAME', 'PTR', 'SRV', 'TXT'];
/** RFC 2181 section 8. */
const MAX_TTL = 2 ** 31 - 1;

/**
 * Reads one line of a zone file (RFC 1035 section 5.1): `owner [ttl] [IN] type data`. All names are absolute, with or
 * without the dot at the end; a `*` as the first label of the owner makes a wildcard (RFC 4592).
 */
export function parseRecord(line: string): RecordResult {
  const words = splitWords(line);
  if (!words) return fault('has a quote that is not closed');
  const [owner = '', ...rest] = words.map(({ text }) => text);
  const ttlText = /^\d+$/.test(rest[0] ?? '') ? rest.shift() : undefined;
  if (/^in$/i.test(rest[0] ?? '')) rest.shift();
  const type = TYPES.find((each) => each === rest[0]?.toUpperCase());
  const ownerName = readName(owner, { wildcard: true });
  if (ownerName === undefined || ownerName === '')
    return fault(`has the owner "${owner}", which is no domain name`);
  if (type === undefined) {
    return rest[0] === undefined
      ? fault('is not complete: write "owner [ttl] type data", such as "printer.lan A 192.0.2.7"')
      : fault(`has the type "${rest[0]}"; it must be one of ${TYPES.join(', ')}`);
  }
  const ttl = ttlText === undefined ? undefined : Number(ttlText);
  if (ttl !== undefined && ttl > MAX_TTL)
    return fault(`has a TTL of ${ttlText ?? ''}; the largest is ${MAX_TTL} seconds`);
  const data = readData(type, rest.slice(1));
  if (typeof data === 'string') return fault(data);
  return { ok: true, record: { owner: ownerName, ...(ttl !== undefined && { ttl }), ...data } };
}

/** The line that {@link parseRecord} reads as this record. */
export function formatRecord(record: StaticRecord): string {
  const ttl = record.ttl === undefined ? [] : [String(record.ttl)];
  return [`${record.owner}.`, ...ttl, record.type, formatData(record)].join(' ');
}

function formatData(data: StaticData): string {
  switch (data.type) {
    case 'A':
    case 'AAAA':
      return data.address;
    case 'CNAME':
    case 'PTR':
      return `${data.target}.`;
    case 'SRV':
      return `${data.priority} ${data.weight} ${data.port} ${data.target}.`;
    case 'TXT':
      return data.strings.map(quoted).join(' ');
  }
}

function quoted(octetText: string): string {
  const escaped = octetText.replace(/["\\]|[^ -~]/g, (each) =>
    each === '"' || each === '\\' ? `\\${each}` : `\\${String(each.charCodeAt(0)).padStart(3, '0')}`,
  );
  return `"${escaped}"`;
}

const fault = (text: string): RecordResult => ({ ok: false, fault: text });

/** @returns the data, or what is wrong with it */
function readData(type: StaticData['type'], words: readonly string[]): StaticData | string {
  const [first = '', ...more] = words;
  const asked = { A: 'one IPv4 address', AAAA: 'one IPv6 address', CNAME: 'one name', PTR: 'one name' };
  switch (type) {
    case 'A':
    case 'AAAA': {
      const address = canonicalIp(first);
      const isOne = address !== undefined && ipFamily(address) === (type === 'A' ? 4 : 6);
      return isOne && more.length === 0
        ? { type, address }
        : `has the data "${words.join(' ')}"; ${type} takes ${asked[type]}`;
    }
    case 'CNAME':
    case 'PTR': {
      const target = readName(first);
      return target !== undefined && target !== '' && more.length === 0
        ? { type, target }
        : `has the data "${words.join(' ')}"; ${type} takes ${asked[type]}`;
    }
    case 'SRV': {
      const [priority, weight, port] = words.slice(0, 3).map(u16);
      const target = words[3] === undefined ? undefined : readName(words[3]);
      if (priority === undefined || weight === undefined || port === undefined || target === undefined)
        return `has the data "${words.join(' ')}"; SRV takes "priority weight port target", such as "0 100 389 dc.example"`;
      return words.length === 4
        ? { type, priority, weight, port, target }
        : 'has more than the four fields of SRV';
    }
    case 'TXT': {
      const long = words.find((each) => each.length > 255);
      if (words.length === 0) return 'has no text';
      return long === undefined
        ? { type, strings: words }
        : 'has a string of more than 255 octets; write it as several';
    }
  }
}

function u16(text: string): number | undefined {
  return /^\d{1,5}$/.test(text) && Number(text) <= 65535 ? Number(text) : undefined;
}

/** A name that may have underscores in front of its labels and, as an owner, a `*` as its first. */
function readName(text: string, { wildcard = false } = {}): string | undefined {
  if (text === '.') return '';
  const name = text.toLowerCase().replace(/\.$/, '');
  const labels = name.split('.');
  const isLabel = (label: string, at: number) =>
    /^[a-z0-9_-]{1,63}$/.test(label) || (wildcard && at === 0 && label === '*' && labels.length > 1);
  return name.length <= 253 && labels.every(isLabel) ? name : undefined;
}

/**
 * Words between white space; a quoted one may be empty and hold anything, with `\"`, `\\` and `\DDD` as in a zone file.
 * Texts become octets, in UTF-8.
 * @returns undefined when a quote is not closed
 */
function splitWords(line: string): { readonly text: string }[] | undefined {
  const words: { text: string }[] = [];
  const pattern = /\s*(?:"((?:[^"\\]|\\.)*)"|([^\s"]+))/suy;
  let end = 0;
  for (let match = pattern.exec(line); match; match = pattern.exec(line)) {
    end = pattern.lastIndex;
    words.push({ text: octets(match[1] ?? match[2] ?? '') });
  }
  return line.slice(end).trim() === '' ? words : undefined;
}

function octets(text: string): string {
  const bytes = Buffer.from(text, 'utf8').toString('latin1');
  return bytes.replace(
    /\\(?:(\d{3})|(.))/gs,
    (whole, decimal: string | undefined, plain: string | undefined) => {
      if (decimal === undefined) return plain ?? '';
      return Number(decimal) > 255 ? whole : String.fromCharCode(Number(decimal));
    },
  );
}
