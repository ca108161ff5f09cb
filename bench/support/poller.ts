// Asks one DNS server for one name, again and again, until the answer is the wanted one: `poller.ts SERVER`.
// Reads tasks from standard input and writes reports to standard output, one JSON a line (poller-client.ts).
import { createSocket } from 'node:dgram';
import { createInterface } from 'node:readline';
import { RECURSION_DESIRED, decode, encode } from 'dns-packet';
import type { PollReport, PollTask } from './poller-client.js';

/** Milliseconds from one query to the next at least: this bounds the load on the server, and the resolution. */
const PACE = 1;
/** Milliseconds to wait for an answer. */
const PATIENCE = 250;

const server = process.argv[2] ?? '127.0.0.1';
const socket = createSocket('udp4');
let task: PollTask | undefined;
let query: Buffer | undefined;
let messageId = 0;
let sentAt = 0;
let lastWrongAt: number | undefined;
let timer: NodeJS.Timeout | undefined;

/** The wall clock, finer than `Date.now()`: milliseconds with fractions. */
const now = (): number => performance.timeOrigin + performance.now();

const report = (line: PollReport): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`);
};

function send(): void {
  if (query === undefined) return;
  messageId = (messageId + 1) & 0xffff;
  query.writeUInt16BE(messageId, 0);
  sentAt = now();
  socket.send(query);
  timer = setTimeout(send, PATIENCE);
}

function receive(message: Buffer): void {
  const at = now();
  if (task === undefined || message.readUInt16BE(0) !== messageId) return;
  clearTimeout(timer);
  const addresses = (decode(message).answers ?? []).flatMap((answer) =>
    answer.type === 'A' ? [answer.data] : [],
  );
  const isRight = addresses.includes(task.address) === task.present;
  if (!isRight) {
    if (lastWrongAt === undefined) report({ kind: 'armed', id: task.id });
    lastWrongAt = at;
    timer = setTimeout(send, Math.max(0, sentAt + PACE - at));
    return;
  }
  report({ kind: 'right', id: task.id, at, gap: lastWrongAt === undefined ? 0 : at - lastWrongAt });
  task = undefined;
  query = undefined;
}

socket.on('message', receive);
socket.on('error', () => undefined); // Refused: the timer sends again.
socket.connect(53, server, () => report({ kind: 'ready' }));

createInterface({ input: process.stdin }).on('line', (line) => {
  clearTimeout(timer);
  task = JSON.parse(line) as PollTask;
  const questions = [{ name: task.name, type: 'A' as const }];
  query = encode({ type: 'query', id: 0, flags: RECURSION_DESIRED, questions });
  lastWrongAt = undefined;
  send();
});
