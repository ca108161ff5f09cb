import { recordKinds } from '../../src/wire/record-kinds.js';
import { MAX_NAME } from '../../src/wire/name.js';
import { decodeMessage, MESSAGE_LIMITS, type Message, type PlacedRecord } from '../../src/wire/message.js';
import type { ResourceRecord } from '../../src/wire/resource-record.js';
import { MessageWriter } from '../../src/wire/writer.js';
import { broken, type Violation } from './invariants.js';

const MAX_SIZE = 65_535;
const writer = new MessageWriter();

/** What a decoder may say of a packet: parts that lie inside it, in order, and that are written and read back the same. */
export function checkDecoded(packet: Buffer, message: Message): Violation | undefined {
  const records = [...message.answers, ...message.authority, ...message.additionals];
  const counted = message.questions.length + records.length + (message.edns ? 1 : 0);
  if (counted > MESSAGE_LIMITS.records) return broken('a bounded number of records', String(counted));
  const ends = records.map((record) => record.end);
  const isOrdered = ends.every(
    (end, at) => end > (ends[at - 1] ?? message.questionsEnd - 1) && end <= packet.length,
  );
  if (!isOrdered) return broken('records in order and inside the packet', ends.join(' '));
  const names = [...message.questions.map(({ name }) => name), ...records.flatMap(namesOf)];
  const bad = names.find((name) => !isName(name));
  if (bad)
    return broken('names of 255 octets at most that end in the root', Buffer.from(bad).toString('hex'));
  return checkWritten(message);
}

function checkWritten(message: Message): Violation | undefined {
  const [question] = message.questions;
  if (!question || message.questions.length > 1) return undefined;
  writer.start(message.id, message.flags, MAX_SIZE);
  writer.question(question);
  const sections = ['answer', 'authority', 'additional'] as const;
  const lists = [message.answers, message.authority, message.additionals];
  // Names that were compressed in opaque data may need more room than there is.
  const fits = sections.every((section, at) =>
    (lists[at] ?? []).every((record) => writer.record(section, record)),
  );
  if (!fits) return undefined;
  const again = decodeMessage(writer.finish({ truncated: false }));
  if (!again.ok) return broken('what is written can be read', again.fault);
  const before = lists.map((list) => list.map(comparable));
  const after = [again.message.answers, again.message.authority, again.message.additionals].map((list) =>
    list.map(comparable),
  );
  return JSON.stringify(before) === JSON.stringify(after)
    ? undefined
    : broken('written and read back the same', JSON.stringify({ before, after }).slice(0, 1000));
}

/** Without regard to the case of letters: owners take that of the name that they point to. */
function comparable({ owner, type, class: klass, ttl, rdata }: ResourceRecord): unknown {
  const parts = Object.values(rdata).flat().map(text);
  return [text(owner), type, klass, ttl, parts];
}

const text = (value: unknown) =>
  value instanceof Uint8Array ? Buffer.from(value).toString('latin1').toLowerCase() : value;

function namesOf({ owner, rdata }: PlacedRecord): readonly Uint8Array[] {
  const layout = rdata.kind === 'raw' ? {} : recordKinds.get(rdata.kind)?.layout;
  const fields = Object.entries(layout ?? {}).filter(([, { isName }]) => isName);
  return [owner, ...fields.map(([name]) => (rdata as unknown as Record<string, Uint8Array>)[name] ?? owner)];
}

function isName(name: Uint8Array): boolean {
  let at = 0;
  for (let length = name[at]; length !== 0; length = name[at]) {
    if (length === undefined || length > 63) return false;
    at += length + 1;
  }
  return at + 1 === name.length && name.length <= MAX_NAME;
}
