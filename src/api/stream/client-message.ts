import type { core } from 'zod';
import { clip } from '../params.js';
import { clientMessage } from '../schemas/stream-schemas.js';
import { CHANNELS, type ClientMessage } from '../types/stream.js';

export interface MessageFault {
  /** The field that is wrong; undefined: the message as a whole. */
  readonly field?: string;
  /** One line: what, why, what to do. */
  readonly detail: string;
}

/** Reads what a client has sent. */
export function readClientMessage(
  text: string,
): { readonly message: ClientMessage } | { readonly fault: MessageFault } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { fault: { detail: `the message is not JSON; ${EXAMPLE}` } };
  }
  const read = clientMessage.safeParse(value);
  if (!read.success) return { fault: faultOf(read.error.issues[0], value) };
  const { data } = read;
  const idle = data.type === 'subscribe' ? idleOptions(data) : undefined;
  if (idle !== undefined)
    return {
      fault: {
        field: idle,
        detail: `"${idle}" has options of a channel that is not subscribed to; add "${idle}" to "channels"`,
      },
    };
  return { message: data };
}

const EXAMPLE = 'send an object such as {"type":"subscribe","channels":["state","events"]}';

/** A misplaced option would have no effect, and the client would take what it gets for filtered. */
function idleOptions(message: ClientMessage): string | undefined {
  return CHANNELS.find((channel) => channel in message && !message.channels.includes(channel));
}

function faultOf(issue: core.$ZodIssue | undefined, value: unknown): MessageFault {
  if (issue === undefined || (issue.path.length === 0 && issue.code !== 'unrecognized_keys'))
    return { detail: `the message is not an object of this form; ${EXAMPLE}` };
  if (issue.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys;
    const field = [...issue.path, key].map(String).join('.');
    return {
      field: clip(field),
      detail: `there is no field "${clip(field)}"; docs/stream.md has those there are`,
    };
  }
  const field = issue.path.map(String).join('.');
  const input = valueAt(value, issue.path);
  const given = input === undefined ? 'is missing' : `is ${clip(JSON.stringify(input))}`;
  return { field, detail: `"${field}" ${given}; ${remedyOf(issue)}` };
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (at, key) =>
      typeof at === 'object' && at !== null ? (at as Record<PropertyKey, unknown>)[key] : undefined,
    value,
  );
}

function remedyOf(issue: core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_value':
      return `it must be one of ${issue.values.map(String).join(', ')}`;
    case 'invalid_union':
      return 'it must be one of subscribe, unsubscribe';
    case 'invalid_type':
      return `it must be ${KINDS[issue.expected] ?? issue.expected}`;
    case 'too_small':
      return `it must be at least ${issue.minimum}${ofWhat(issue.origin)}`;
    case 'too_big':
      return `it must be at most ${issue.maximum}${ofWhat(issue.origin)}`;
    case 'custom':
      return `it ${issue.message}`;
    case 'invalid_element':
    case 'invalid_format':
    case 'invalid_key':
    case 'not_multiple_of':
    case 'unrecognized_keys':
      return 'it cannot be used; see docs/stream.md';
  }
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'a text',
  array: 'a list',
  object: 'an object',
  int: 'a whole number',
  number: 'a whole number',
};

function ofWhat(origin: string): string {
  return origin === 'string' ? ' characters long' : origin === 'array' ? ' items long' : '';
}
