import { getLines } from '../../api/client.js';
import { dialSocket } from '../../api/socket-dial.js';
import { StreamClient } from '../../api/stream-client.js';
import type { EventJson } from '../../api/types/resources.js';
import type { Context } from '../context.js';
import { daemonError } from '../daemon-error.js';
import { CliError, EXIT } from '../exit-codes.js';
import { padEnd, plain } from '../format/text.js';

export async function run(context: Context): Promise<number> {
  const query = { after: context.text('after'), last: context.text('last') };
  if (context.on('follow')) return follow(context, query);
  for await (const event of trail(context, query)) print(context, event);
  return EXIT.ok;
}

interface Query {
  readonly after: string | undefined;
  readonly last: string | undefined;
}

/** Follows until it is interrupted. Only the first attempt must succeed. */
async function follow(context: Context, { after, last }: Query): Promise<number> {
  let isKnown = false;
  const client = new StreamClient({
    dial: dialSocket(context.address.api),
    wanted: {
      type: 'subscribe',
      channels: ['events'],
      // Without a beginning, all that are kept are printed.
      events: { after: Number(after ?? 0), ...(last !== undefined && { last: Number(last) }) },
    },
    onMessage: (message) => {
      isKnown = true;
      if (!('channel' in message) || message.channel !== 'events') return;
      if (message.type === 'reset') context.notice(message.why);
      if (message.type === 'event') print(context, message.event);
    },
    onFault: (fault) => {
      const error = daemonError(fault, context.address);
      const isAway = error instanceof CliError && error.exitCode === EXIT.unavailable;
      if (!isKnown || !isAway) throw error;
      context.notice(`${error.message}; waiting for it`);
    },
  });
  await client.follow();
  return EXIT.ok;
}

async function* trail(context: Context, query: Query): AsyncGenerator<EventJson> {
  try {
    for await (const line of getLines(context.address.api, '/v1/events', { ...query })) yield parse(line);
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
