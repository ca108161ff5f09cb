import { z } from 'zod';
import { CLIENT_MESSAGES, SERVER_MESSAGES } from '../src/api/schemas/stream-schemas.js';
import { CHANNELS, CLOSE_CODES } from '../src/api/types/stream.js';
import { wrapText } from './wrap-text.js';

/** docs/stream.md: what the schemas of the stream say, as a page. */
export function streamReference(): string {
  return `<!-- Made from src/api/schemas/stream-schemas.ts; "npx vitest run --project unit test/tools/stream-reference -u" writes it again. -->

# The live stream

\`GET /v1/stream\` is a WebSocket on the addresses of the API ([api.md](api.md)), with the same rules of who may ask. A
client subscribes to channels, and each message is one JSON object. \`fairlead events -f\`, \`fairlead vips --watch\` and
the other watching commands are such clients.

\`\`\`
-> {"type":"subscribe","channels":["state","events"],"state":{"stack":"shop"}}
<- {"type":"subscribed","channels":["state","events"]}
<- {"channel":"state","type":"snapshot","revision":7,"part":1,"services":[…],"tasks":[…],"cursor":"k3f9x2-7",…}
<- {"channel":"events","type":"event","cursor":"k3f9x2-12","event":{"seq":12,"type":"task.health",…}}
<- {"channel":"state","type":"change","since":7,"revision":8,"tasks":{"set":[…]},"cursor":"k3f9x2-8",…}
\`\`\`

${wrapText(
  `Channels: ${CHANNELS.map((channel) => `\`${channel}\``).join(', ')}. A message of the client that cannot be used is answered with an \`error\` that names the field, and changes nothing. Ignore keys and messages that you do not know.`,
)}

## Going on after a cut

Nothing is lost between a snapshot and the changes after it. Keep the \`cursor\` of the last message of \`state\` and of
\`events\`, and give it as \`since\` when you connect again: the changes that you missed come as one, the events one by
one. If the daemon no longer has them (after a restart, or thousands of changes), it says \`reset\` first; for \`state\` a
snapshot follows.

The daemon closes a connection with one of these codes, after an \`error\` that says why:

| close code | \`error\` | what to do |
|---|---|---|
| ${CLOSE_CODES['slow-reader']} | \`slow-reader\`: 1 MiB waited for the client, or it read nothing for 30 seconds | connect again with \`since\` |
| ${CLOSE_CODES.stopping} | \`stopping\`: the daemon stops or restarts | connect again with \`since\` |
| 1009 | a message of the client had more than 64 KiB | send less |

Every 15 seconds the daemon sends a ping. A client that has not answered one by the next is gone.

## What a client sends

${CLIENT_MESSAGES.map((message) => section(message)).join('\n')}
## What the daemon sends

${Object.values(SERVER_MESSAGES)
  .flat()
  .map((message: Message) => section(message))
  .join('\n')}`
    .trimEnd()
    .concat('\n');
}

type Message = z.ZodObject;
type Shape = Readonly<Record<string, z.ZodType>>;

function section(message: Message): string {
  const shape: Shape = message.shape;
  const channel = 'channel' in shape ? `${literal(shape['channel'])}: ` : '';
  const title = `### ${channel}\`${literal(shape['type'])}\``;
  const rows = [...fields(shape, '')].filter(([name]) => name !== 'type' && name !== 'channel');
  const table = rows.map(([name, kind, says]) => `| \`${name}\` | ${kind} | ${says} |`);
  return `${title}\n\n${sentence(message.description)}\n\n| key | value | meaning |\n|---|---|---|\n${table.join('\n')}\n`;
}

function* fields(shape: Shape, above: string): Generator<readonly [string, string, string]> {
  for (const [key, schema] of Object.entries(shape)) {
    const isOptional = schema.safeParse(undefined).success || schema instanceof z.ZodExactOptional;
    const inner = schema instanceof z.ZodExactOptional ? (schema.unwrap() as z.ZodType) : schema;
    const name = `${above}${key}`;
    yield [
      name,
      `${kindOf(inner)}${isOptional ? ', optional' : ''}`,
      inner.description ?? schema.description ?? '',
    ];
    // The options of a channel are shown with their own fields.
    const isOptions = above === '' && (CHANNELS as readonly string[]).includes(key);
    if (isOptions && inner instanceof z.ZodObject) yield* fields(inner.shape, `${name}.`);
  }
}

function kindOf(schema: z.ZodType): string {
  const { id } = schema.meta() ?? {};
  if (typeof id === 'string') return `\`${id}\``;
  if (schema instanceof z.ZodArray) return `list of ${kindOf(schema.element as z.ZodType)}`;
  if (schema instanceof z.ZodEnum) return schema.options.map((option) => `\`${option}\``).join(', ');
  if (schema instanceof z.ZodLiteral) return `\`${JSON.stringify([...schema.values][0])}\``;
  if (schema instanceof z.ZodObject) return 'object';
  if (schema instanceof z.ZodBoolean) return '`true` or `false`';
  if (schema instanceof z.ZodNumber) return 'number';
  return 'text';
}

function literal(schema: z.ZodType | undefined): string {
  if (schema instanceof z.ZodLiteral) return String([...schema.values][0]);
  throw new Error('a message has no literal type or channel');
}

function sentence(text = ''): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
