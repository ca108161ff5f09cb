import { elementForm, type ElementForm } from './nft-element-bytes.js';
import type { ElementChanges, NftSet, NftTable } from './nft-table.js';
import { AF_INET, AF_INET6 } from './sockaddr.js';

/** linux/netlink.h, linux/netfilter/nfnetlink.h, linux/netfilter/nf_tables.h. */
const NLM_F_REQUEST = 1;
const NLM_F_ACK = 4;
const NLM_F_CREATE = 0x400;
const BATCH_BEGIN = 0x10;
const BATCH_END = 0x11;
const SUBSYSTEM = 10;
const NEW_ELEMENTS = (SUBSYSTEM << 8) | 12;
const DELETE_ELEMENTS = (SUBSYSTEM << 8) | 14;
const NESTED = 0x8000;
const LIST = { table: 1, set: 2, elements: 3 | NESTED, element: 1 | NESTED } as const;
const ELEMENT = { key: 1 | NESTED, value: 2 | NESTED } as const;
const DATA = 1;
/** struct nlmsghdr and struct nfgenmsg. */
const HEADER = 20;

/** An attribute has 65,535 bytes at most, and an element of ours fewer than 120. */
const ELEMENTS_A_MESSAGE = 500;

/** A transaction as nf_tables takes it. */
export interface NetlinkBatch {
  readonly bytes: Uint8Array;
  /** How many of its messages the kernel answers. */
  readonly answers: number;
}

/**
 * Writes changes of elements for the kernel itself (netlink(7)).
 * @param setOf a set of the table
 * @returns undefined if a set has elements of a kind that is not written here
 * @throws RangeError for an element that its set cannot have
 */
export function elementBatch(
  { family, name }: Pick<NftTable, 'family' | 'name'>,
  { removed, added }: ElementChanges,
  setOf: (name: string) => NftSet | undefined,
): NetlinkBatch | undefined {
  const messages: Uint8Array[] = [];
  const put = (type: number, flags: number, set: string, elements: readonly Uint8Array[]): void => {
    for (let at = 0; at < elements.length; at += ELEMENTS_A_MESSAGE)
      messages.push(
        message(
          { type, flags: NLM_F_REQUEST | NLM_F_ACK | flags, family: family === 'ip' ? AF_INET : AF_INET6 },
          attribute(LIST.table, text(name)),
          attribute(LIST.set, text(set)),
          attribute(LIST.elements, ...elements.slice(at, at + ELEMENTS_A_MESSAGE)),
        ),
      );
  };
  for (const [set, keys] of removed) {
    const form = formOf(setOf(set));
    if (!form || keys === 'all') return undefined;
    put(
      DELETE_ELEMENTS,
      0,
      set,
      keys.map((key) => element(form, key)),
    );
  }
  for (const [set, elements] of added) {
    const form = formOf(setOf(set));
    if (!form) return undefined;
    put(
      NEW_ELEMENTS,
      NLM_F_CREATE,
      set,
      elements.map((each) => element(form, ...each)),
    );
  }
  const frame = { flags: NLM_F_REQUEST, family: 0, resource: SUBSYSTEM };
  const begin = message({ ...frame, type: BATCH_BEGIN });
  return {
    bytes: Buffer.concat([begin, ...messages, message({ ...frame, type: BATCH_END })]),
    answers: messages.length,
  };
}

function formOf(set: NftSet | undefined): ElementForm | undefined {
  return set && elementForm(set);
}

function element(form: ElementForm, key: string, value = ''): Uint8Array {
  const parts = [attribute(ELEMENT.key, attribute(DATA, form.key(key)))];
  if (value !== '' && form.value) parts.push(attribute(ELEMENT.value, attribute(DATA, form.value(value))));
  return attribute(LIST.element, ...parts);
}

interface MessageKind {
  readonly type: number;
  readonly flags: number;
  readonly family: number;
  readonly resource?: number;
}

function message(
  { type, flags, family, resource = 0 }: MessageKind,
  ...attributes: Uint8Array[]
): Uint8Array {
  const head = Buffer.alloc(HEADER);
  const body = Buffer.concat(attributes);
  head.writeUInt32LE(HEADER + body.length, 0);
  head.writeUInt16LE(type, 4);
  head.writeUInt16LE(flags, 6);
  head.writeUInt8(family, 16);
  head.writeUInt16BE(resource, 18);
  return Buffer.concat([head, body]);
}

/** With what fills it up to a multiple of four bytes. */
function attribute(type: number, ...content: readonly Uint8Array[]): Uint8Array {
  const head = Buffer.alloc(4);
  const length = content.reduce((sum, each) => sum + each.length, head.length);
  head.writeUInt16LE(length, 0);
  head.writeUInt16LE(type, 2);
  return Buffer.concat([head, ...content, new Uint8Array(-length & 3)]);
}

/** As C ends it. */
function text(value: string): Uint8Array {
  return Buffer.from(`${value}\0`);
}
