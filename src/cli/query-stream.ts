import { dialSocket } from '../api/socket-dial.js';
import { StreamClient } from '../api/stream-client.js';
import type { QueryMatchJson } from '../api/types/queries-json.js';
import type { QueriesMessageJson } from '../api/types/stream.js';
import { durationForm, parseDuration } from '../net/duration.js';
import type { Context } from './context.js';
import { daemonError } from './daemon-error.js';
import { CliError, EXIT } from './exit-codes.js';

/** By which queries are chosen: `--client`, `--not-client`, ... */
const FIELDS = ['client', 'name', 'type', 'rcode', 'by'] as const;

export interface QueryStreamOptions {
  /** Milliseconds from the first message until it ends; undefined: it goes on. */
  readonly forMs: number | undefined;
  readonly onQueries: (message: QueriesMessageJson) => void;
}

/**
 * Follows the queries that the options choose. Only the first attempt to reach the daemon must succeed.
 * @throws CliError
 */
export async function followQueries(
  context: Context,
  { forMs, onQueries }: QueryStreamOptions,
): Promise<void> {
  let isKnown = false;
  let timer: NodeJS.Timeout | undefined;
  const match = matchOf(context, (field) => field);
  const not = matchOf(context, (field) => `not${field.charAt(0).toUpperCase()}${field.slice(1)}`);
  const client = new StreamClient({
    dial: dialSocket(context.address.api),
    wanted: {
      type: 'subscribe',
      channels: ['queries'],
      queries: { ...(match && { match }), ...(not && { not }) },
    },
    onMessage: (message) => {
      isKnown = true;
      if (!('channel' in message) || message.channel !== 'queries') return;
      if (forMs !== undefined) timer ??= setTimeout(() => client.close(), forMs);
      onQueries(message);
    },
    onFault: (fault) => {
      const error = daemonError(fault, context.address);
      const isAway = error instanceof CliError && error.exitCode === EXIT.unavailable;
      if (!isKnown || !isAway) throw error;
      context.notice(`${error.message}; waiting for it`);
    },
  });
  try {
    await client.follow();
  } finally {
    clearTimeout(timer);
    client.close();
  }
}

function matchOf(context: Context, optionOf: (field: string) => string): QueryMatchJson | undefined {
  const given = FIELDS.map((field) => [field, context.texts(optionOf(field))] as const);
  const used = given.filter(([, texts]) => texts.length > 0);
  return used.length === 0 ? undefined : Object.fromEntries(used);
}

/** `--for` in milliseconds. @throws CliError when it is not a duration */
export function forMsOf(context: Context): number | undefined {
  const text = context.text('for');
  if (text === undefined) return undefined;
  const ms = parseDuration(text);
  if (ms !== undefined && ms > 0) return ms;
  throw new CliError(EXIT.usage, `--for is "${text}"; it must be a duration, ${durationForm}`);
}
