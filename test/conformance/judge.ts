import { CLASS, EDNS_OPTION, EDNS_UDP_SIZE, FLAG, HEADER_SIZE, rcodeName } from '../../src/wire/constants.js';
import { readU16 } from '../../src/wire/bytes.js';
import { decodeMessage, type Message } from '../../src/wire/message.js';
import { readName } from '../../src/wire/name.js';
import { recordToText } from '../../src/wire/record-text.js';
import type { Observed } from './exchange.js';
import type { Ask, ConformanceCase, ExpectedOpt, ExpectedReply, RecordLines } from './model.js';
import { flagBits, type FlagName } from './packets.js';

export interface JudgeOptions {
  /** Whether the server offers recursion: only then is RA expected. */
  readonly recursion: boolean;
}

/** Compares what came with what was expected. @returns what is wrong, a phrase each; empty when nothing is */
export function judge(row: ConformanceCase, observed: Observed, options: JudgeOptions): readonly string[] {
  const faults: string[] = [];
  const left = [...observed.replies];
  for (const ask of row.asks) {
    const at = left.findIndex((reply) => belongsTo(reply, ask, row.asks.length === 1));
    const reply = at < 0 ? undefined : left.splice(at, 1)[0];
    faults.push(...judgeOne(ask, reply, options));
  }
  if (left.length > 0) faults.push(`${left.length} replies too many`);
  const mustClose = row.carriage.over === 'tcp' && row.carriage.closes === true;
  if (mustClose && !observed.closed) faults.push('the connection stays open');
  return [...new Set(faults)];
}

/** By ID, and where there are several with one ID by question (RFC 7766 section 7). */
function belongsTo(reply: Buffer, { packet }: Ask, only: boolean): boolean {
  if (only) return true;
  if (reply.length < HEADER_SIZE || reply.readUInt16BE(0) !== Buffer.from(packet).readUInt16BE(0))
    return false;
  const echoed = questionOf(reply);
  return echoed.length === 0 || echoed.equals(questionOf(packet));
}

function judgeOne(
  { packet, expect }: Ask,
  reply: Buffer | undefined,
  options: JudgeOptions,
): readonly string[] {
  if (expect === 'silence') return reply ? [`answered (${summary(reply)}), not silent`] : [];
  if (reply === undefined) return ['no reply'];
  if ('wire' in expect) return judgeWire(reply, expect.wire, options);
  const decoded = decodeMessage(reply, { records: 65_535 });
  if (!decoded.ok) return [`undecodable: ${decoded.fault} at ${decoded.offset}`];
  return [
    ...judgeHeader(decoded.message, packet, expect, options),
    ...judgeSections(decoded.message, expect),
    ...judgeOpt(decoded.message, expect.opt),
    ...judgeOctets(reply, packet, expect),
  ];
}

function judgeWire(reply: Buffer, wire: string, { recursion }: JudgeOptions): readonly string[] {
  const expected = Buffer.from(wire.replace(/\s/g, ''), 'hex');
  if (!recursion) expected.writeUInt16BE(expected.readUInt16BE(2) & ~FLAG.RA, 2);
  return reply.equals(expected) ? [] : [`${reply.toString('hex')}, not ${expected.toString('hex')}`];
}

function judgeHeader(
  { id, flags, rcode, opcode }: Message,
  packet: Uint8Array,
  expect: ExpectedReply,
  { recursion }: JudgeOptions,
): readonly string[] {
  const faults: string[] = [];
  if (rcodeName(rcode) !== expect.rcode) faults.push(`${rcodeName(rcode)}, not ${expect.rcode}`);
  if (opcode !== (expect.opcode ?? 0)) faults.push(`opcode ${opcode}`);
  const ignored = recursion ? 0 : FLAG.RA;
  const seen = flags & 0x07f0 & ~ignored;
  const wanted = flagBits(expect.flags ?? 'AA RD RA') & ~ignored;
  if (seen !== wanted) faults.push(`flags ${flagNames(seen)}, not ${flagNames(wanted)}`);
  if (id !== Buffer.from(packet).readUInt16BE(0)) faults.push('another ID');
  if ((flags & FLAG.QR) === 0) faults.push('no reply: QR is clear');
  return faults;
}

function judgeSections(message: Message, expect: ExpectedReply): readonly string[] {
  const { answer = [], authority = [], additional = [] } = expect;
  const exact = expect.exactCase === true;
  const faults: string[] = [];
  const records = [...message.answers, ...message.authority, ...message.additionals];
  if (records.some((record) => record.class !== CLASS.IN)) faults.push('a record of another class than IN');
  if (typeof answer === 'number') {
    if (message.answers.length !== answer) faults.push(`${message.answers.length} answers, not ${answer}`);
  } else faults.push(...compare('answer', message.answers.map(recordToText), answer, exact));
  faults.push(...compare('authority', message.authority.map(recordToText), authority, exact));
  if (additional !== 'some')
    faults.push(...compare('additional', message.additionals.map(recordToText), additional, exact));
  return faults;
}

function compare(
  section: string,
  seen: RecordLines,
  wanted: RecordLines,
  exactCase: boolean,
): readonly string[] {
  const anyTtl = wanted.some((line) => line.includes(' * IN '));
  const anySoa = wanted.some((line) => line.endsWith(' IN SOA *'));
  const plain = (line: string) => {
    const cased = exactCase ? line : line.toLowerCase();
    const text = anySoa ? cased.replace(/( IN SOA ).*/i, '$1*') : cased;
    return anyTtl ? text.replace(/^(\S+) \d+ /, '$1 * ') : text;
  };
  const inOrder = (lines: RecordLines) => {
    const texts = lines.map(plain);
    const chain = texts.findIndex((line) => !/ in cname /i.test(line));
    const end = chain < 0 ? texts.length : chain;
    return [...texts.slice(0, end), ...texts.slice(end).sort()].join('; ');
  };
  const [has, should] = [inOrder(seen), inOrder(wanted)];
  return has === should ? [] : [`${section} "${shorten(has)}", not "${shorten(should)}"`];
}

const shorten = (text: string) => (text.length > 160 ? `${text.slice(0, 160)}...` : text);

/** Where an OPT of the root has its flags (RFC 6891 section 6.1.3). */
const OPT_FLAGS = 7;

function judgeOpt(
  { edns: seen, optOffset = 0, wire }: Message,
  expect: ExpectedOpt | undefined,
): readonly string[] {
  if (expect === undefined) return seen ? ['an OPT'] : [];
  if (seen === undefined) return ['no OPT'];
  const faults: string[] = [];
  if (seen.udpSize !== EDNS_UDP_SIZE) faults.push(`EDNS size ${seen.udpSize}`);
  const unknownFlags = readU16(wire, optOffset + OPT_FLAGS) & 0x7fff;
  if (unknownFlags !== 0) faults.push(`EDNS flags 0x${unknownFlags.toString(16)}`);
  if (seen.version !== 0) faults.push(`EDNS version ${seen.version}`);
  if (seen.dnssecOk !== (expect.dnssecOk ?? false)) faults.push(`DO ${seen.dnssecOk ? 'set' : 'clear'}`);
  const ede = seen.options
    .filter(({ code }) => code === EDNS_OPTION.EDE)
    .map(({ data }) => Buffer.from(data).readUInt16BE(0));
  const wanted = expect.ede === undefined ? [] : [expect.ede];
  if (ede.join() !== wanted.join())
    faults.push(`extended error ${ede.join() || 'none'}, not ${wanted.join() || 'none'}`);
  const others = seen.options.filter(({ code }) => code !== EDNS_OPTION.EDE);
  const patterns = expect.options ?? [];
  const texts = others.map(({ code, data }) => `${code}:${Buffer.from(data).toString('hex')}`);
  const fits = texts.length === patterns.length && texts.every((text, i) => matches(text, patterns[i] ?? ''));
  if (!fits) faults.push(`options ${texts.join() || 'none'}, not ${patterns.join() || 'none'}`);
  return faults;
}

function matches(text: string, pattern: string): boolean {
  const [fixed = '', free = '0'] = pattern.split('+');
  return text.startsWith(fixed) && text.length === fixed.length + 2 * Number(free);
}

function judgeOctets(
  reply: Buffer,
  packet: Uint8Array,
  { size, contains, question = 'echoed' }: ExpectedReply,
): readonly string[] {
  const faults: string[] = [];
  if (typeof size === 'number' && reply.length !== size) faults.push(`${reply.length} octets, not ${size}`);
  if (typeof size === 'object' && reply.length > size.max)
    faults.push(`${reply.length} octets, above ${size.max}`);
  if (contains !== undefined && !reply.toString('hex').includes(contains))
    faults.push(`no ${contains} in it`);
  const echoed = questionOf(reply);
  if (question === 'none') {
    if (echoed.length > 0) faults.push('the question echoed');
  } else if (echoed.length === 0) faults.push('the question not echoed');
  else if (!echoed.equals(questionOf(packet))) faults.push('another question');
  return faults;
}

/** The first question's bytes; empty when there is none. */
function questionOf(packet: Uint8Array): Buffer {
  const bytes = Buffer.from(packet);
  if (bytes.length < HEADER_SIZE || bytes.readUInt16BE(4) === 0) return Buffer.alloc(0);
  const name = readName(bytes, HEADER_SIZE, { pointers: false });
  return name.ok ? bytes.subarray(HEADER_SIZE, name.end + 4) : Buffer.alloc(0);
}

function flagNames(bits: number): string {
  const names = (Object.keys(FLAG) as FlagName[]).filter((name) => (bits & FLAG[name]) !== 0);
  const z = (bits & 0x40) !== 0 ? ['Z'] : [];
  return [...names, ...z].join(' ') || 'none';
}

function summary(reply: Buffer): string {
  return reply.length < HEADER_SIZE ? `${reply.length} octets` : rcodeName(reply.readUInt16BE(2) & 0xf);
}
