import { readU16, readU32, readU8 } from './bytes.js';
import { FLAG, HEADER_SIZE, TYPE } from './constants.js';
import { readOpt, type Edns } from './edns.js';
import { equalNames, readName, type NameFault, type PointerBudget } from './name.js';
import type { WireQuestion } from './query-message.js';
import { readRdata } from './rdata.js';
import type { ResourceRecord } from './resource-record.js';

/** A record with its position in the packet. */
export interface PlacedRecord extends ResourceRecord {
  /** The offset of its TTL, a 32-bit number. */
  readonly ttlAt: number;
  /** The offset after it. */
  readonly end: number;
}

/** A decoded message. Its parts are views of `wire`, which must therefore not change. */
export interface Message {
  readonly wire: Uint8Array;
  readonly id: number;
  /** The second word of the header; see `FLAG`. */
  readonly flags: number;
  readonly opcode: number;
  /** Including the upper bits from the OPT. */
  readonly rcode: number;
  readonly questions: readonly WireQuestion[];
  /** The offset after the last question. */
  readonly questionsEnd: number;
  readonly answers: readonly PlacedRecord[];
  readonly authority: readonly PlacedRecord[];
  /** Without the OPT. */
  readonly additionals: readonly PlacedRecord[];
  readonly edns?: Edns;
  /** The offset of the OPT, which need not be the last record. */
  readonly optOffset?: number;
}

/** `opt`: malformed, repeated, or in the wrong section. `too-many-records`: more than the limits allow. */
export type MessageFault = 'short' | 'question' | 'record' | 'rdata' | 'opt' | 'too-many-records' | NameFault;

export type MessageResult =
  | { readonly ok: true; readonly message: Message }
  | { readonly ok: false; readonly fault: MessageFault; readonly offset: number };

export interface MessageLimits {
  /** Questions and records together. */
  readonly records: number;
}

/**
 * No honest reply has more records. Otherwise a 64 KiB message of pointers to pointers would cost tens of milliseconds.
 */
export const MESSAGE_LIMITS: MessageLimits = { records: 512 };

/**
 * How many compression pointers the names of a message may follow, per allowed record. Writers use one or two per name.
 */
const POINTERS_PER_RECORD = 8;

class Fault {
  readonly fault: MessageFault;
  readonly offset: number;
  constructor(fault: MessageFault, offset: number) {
    this.fault = fault;
    this.offset = offset;
  }
}

/**
 * Decodes a whole message. This is meant for upstream replies, not for queries (see `parseQuery`). Compressed names in
 * rdata are expanded for the types that may compress them. Bytes after the last record are ignored. A TTL with its top
 * bit set counts as 0 (RFC 2181 section 8).
 */
export function decodeMessage(wire: Uint8Array, limits: MessageLimits = MESSAGE_LIMITS): MessageResult {
  if (wire.length < HEADER_SIZE) return { ok: false, fault: 'short', offset: wire.length };
  const counts = [readU16(wire, 4), readU16(wire, 6), readU16(wire, 8), readU16(wire, 10)] as const;
  if (counts[0] + counts[1] + counts[2] + counts[3] > limits.records) {
    return { ok: false, fault: 'too-many-records', offset: 4 };
  }
  const pointers = { left: limits.records * POINTERS_PER_RECORD };
  const questions: WireQuestion[] = [];
  let at = HEADER_SIZE;
  for (let i = 0; i < counts[0]; i++) {
    const qname = readName(wire, at, { pointers: questions.length > 0 && pointers });
    if (!qname.ok) return { ok: false, fault: qname.fault, offset: at };
    if (qname.end + 4 > wire.length) return { ok: false, fault: 'question', offset: qname.end };
    questions.push({ name: qname.name, type: readU16(wire, qname.end), class: readU16(wire, qname.end + 2) });
    at = qname.end + 4;
  }
  const questionsEnd = at;
  const sections: [PlacedRecord[], PlacedRecord[], PlacedRecord[]] = [[], [], []];
  let opt: { edns: Edns; optOffset: number } | undefined;
  for (const [index, section] of sections.entries()) {
    for (let left = counts[index + 1] ?? 0; left > 0; left--) {
      if (readU8(wire, at) === 0 && readU16(wire, at + 1) === TYPE.OPT) {
        const result = readOpt(wire, at);
        if (!result.ok || index !== 2 || opt) return { ok: false, fault: 'opt', offset: at };
        opt = { edns: result.edns, optOffset: at };
        at = result.end;
        continue;
      }
      const record = readRecord(wire, at, pointers);
      if (record instanceof Fault) return { ok: false, fault: record.fault, offset: record.offset };
      section.push(record);
      at = record.end;
    }
  }
  const flags = readU16(wire, 2);
  const [answers, authority, additionals] = sections;
  const message = {
    wire,
    id: readU16(wire, 0),
    flags,
    opcode: (flags >> 11) & 0xf,
    rcode: ((opt?.edns.extendedRcode ?? 0) << 4) | (flags & 0xf),
    questions,
    questionsEnd,
    answers,
    authority,
    additionals,
  };
  return { ok: true, message: opt ? { ...message, ...opt } : message };
}

function readRecord(wire: Uint8Array, offset: number, pointers: PointerBudget): PlacedRecord | Fault {
  const owner = readName(wire, offset, { pointers });
  if (!owner.ok) return new Fault(owner.fault, offset);
  const fixed = owner.end;
  const length = readU16(wire, fixed + 8);
  const end = fixed + 10 + length;
  if (fixed + 10 > wire.length || end > wire.length) return new Fault('record', fixed);
  const type = readU16(wire, fixed);
  // The owner of an OPT is the root (RFC 6891 section 6.1.2).
  if (type === TYPE.OPT) return new Fault('opt', offset);
  const rdata = readRdata(wire, fixed + 10, length, type, pointers);
  if (rdata === undefined) return new Fault('rdata', fixed + 10);
  const ttl = readU32(wire, fixed + 4);
  return {
    owner: owner.name,
    type,
    class: readU16(wire, fixed + 2),
    ttl: ttl > 0x7fffffff ? 0 : ttl,
    rdata,
    ttlAt: fixed + 4,
    end,
  };
}

/**
 * Whether a message is a reply to this question: QR, ID, opcode QUERY, and name, type and class (RFC 5452 section 9.1).
 * A bare header with an error code also qualifies, because servers that cannot read a query reply like that.
 */
export function answersQuestion(
  message: Message,
  id: number,
  { name, type, class: klass }: WireQuestion,
): boolean {
  if (message.id !== id || (message.flags & FLAG.QR) === 0 || message.opcode !== 0) return false;
  const [question] = message.questions;
  if (question === undefined)
    return message.rcode !== 0 && message.rcode !== 3 && message.answers.length === 0;
  return (
    message.questions.length === 1 &&
    question.type === type &&
    question.class === klass &&
    equalNames(question.name, name)
  );
}
