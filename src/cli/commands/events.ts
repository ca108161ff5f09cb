import { getLines } from '../../api/client.js';
import type { EventJson } from '../../api/types/resources.js';
import type { StatusJson } from '../../api/types/status-json.js';
import type { Context } from '../context.js';
import { daemonError } from '../daemon-error.js';
import { CliError, EXIT } from '../exit-codes.js';
import { padEnd, plain } from '../format/text.js';

/** Milliseconds between two attempts to reach a daemon that went away. */
const RETRY_MS = 1000;

export async function run(context: Context): Promise<number> {
  const last = context.text('last');
  const query = { after: context.text('after'), last };
  if (context.on('follow')) return follow(context, query);
  for await (const event of stream(context, query)) print(context, event);
  return EXIT.ok;
}

interface Query {
  readonly after: string | undefined;
  readonly last: string | undefined;
}

/** Follows until it is interrupted. Only the first attempt must succeed. */
async function follow(context: Context, first: Query): Promise<number> {
  let { startedAt } = await context.get<StatusJson>('/v1/status');
  let query: Query = first;
  let after = Number(first.after ?? 0);
  for (;;) {
    try {
      for await (const { seq, event } of numbered(stream(context, query, true))) {
        if (query !== first && seq > after + 1) context.notice(`events ${after + 1} to ${seq - 1} are gone`);
        // From here on, a gap would be our own fault.
        after = seq;
        query = { after: String(after), last: undefined };
        print(context, event);
      }
      context.notice('the daemon ended the stream; waiting for it');
    } catch (error) {
      if (!(error instanceof CliError) || error.exitCode !== EXIT.unavailable) throw error;
      context.notice(error.message);
    }
    const before = startedAt;
    startedAt = await returned(context);
    if (startedAt !== before) {
      context.notice('the daemon was restarted; its events are numbered from 1 again');
      after = 0;
    }
    query = { after: String(after), last: undefined };
  }
}

async function* numbered(
  events: AsyncIterable<EventJson>,
): AsyncGenerator<{ seq: number; event: EventJson }> {
  for await (const event of events) yield { seq: event.seq, event };
}

/** Waits for the daemon. @returns when it was started */
async function returned(context: Context): Promise<string> {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    try {
      return (await context.get<StatusJson>('/v1/status')).startedAt;
    } catch (error) {
      if (!(error instanceof CliError) || error.exitCode !== EXIT.unavailable) throw error;
    }
  }
}

async function* stream(context: Context, query: Query, follows = false): AsyncGenerator<EventJson> {
  try {
    for await (const line of getLines(context.address.api, '/v1/events', {
      ...query,
      ...(follows ? { follow: true } : {}),
    })) {
      yield parse(line);
    }
  } catch (error) {
    throw daemonError(error, context.address);
  }
}

function parse(line: string): EventJson {
  try {
    return JSON.parse(line) as EventJson;
  } catch {
    throw new CliError(
      EXIT.data,
      'the daemon sent a line that is not an event; check --addr, and the versions with "fairlead version"',
    );
  }
}

function print(context: Context, event: EventJson): void {
  const format = context.text('output') ?? 'table';
  if (format !== 'table') {
    context.print(`${JSON.stringify(event)}\n`);
    return;
  }
  const { at, type, subject, message, cause } = event;
  const why = cause === undefined ? '' : ` [${cause}]`;
  const columns = [
    context.paint('dim', plain(at)),
    padEnd(plain(type), 15),
    padEnd(plain(subject), 24),
    plain(`${message}${why}`),
  ];
  context.print(`${columns.join('  ')}\n`);
}
