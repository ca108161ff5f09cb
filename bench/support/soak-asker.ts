// Asks a DNS server random questions of the soak's model at a steady rate: `soak-asker.ts PORT SERVICES RATE SEED`.
// Answers go to the parent process in batches.
import { createSocket } from 'node:dgram';
import dnsPacket from 'dns-packet';
import { Random } from '../../test/fuzz/random.js';
import { readAnswer } from './soak-answer.js';
import { CLIENT, questionOf, randomQuestion, type SoakQuestion } from './soak-model.js';
import type { SoakAnswer } from './soak-history.js';

export interface SoakBatch {
  readonly answers: readonly SoakAnswer[];
  /** Queries without a reply, since the last batch. */
  readonly lost: number;
}

/** A query is given up after this long, in ms. */
const PATIENCE = 5000;
const MAX_UNDER_WAY = 2000;
const BATCH_EVERY = 100;
const SEND_EVERY = 5;

const [port = 0, services = 0, rate = 0, seed = 0] = process.argv.slice(2).map(Number);
const random = new Random(seed);
const waiting = new Map<number, { readonly question: SoakQuestion; readonly sent: number }>();
let answers: SoakAnswer[] = [];
let lost = 0;
let lastId = 0;

/** The clock that all processes of a host share, in ms. */
const now = () => Number(process.hrtime.bigint()) / 1e6;

const socket = createSocket('udp4');
socket.on('error', () => undefined);
socket.on('message', (reply) => {
  const received = now();
  const id = reply.readUInt16BE(0);
  const asked = waiting.get(id);
  if (!asked) return;
  waiting.delete(id);
  answers.push({ ...asked, received, answer: readAnswer(reply) });
});
socket.bind(0, CLIENT, () => {
  // Room for what comes while this process is held up; the kernel caps it.
  socket.setRecvBufferSize(4 * 1024 * 1024);
  socket.connect(port, '127.0.0.1', start);
});

function start(): void {
  const started = now();
  let sent = 0;
  setInterval(() => {
    const due = ((now() - started) / 1000) * rate;
    for (; sent < due; sent++) if (waiting.size < MAX_UNDER_WAY) ask();
  }, SEND_EVERY);
  setInterval(() => {
    const oldest = now() - PATIENCE;
    for (const [id, { sent: at }] of waiting) {
      if (at > oldest) break;
      waiting.delete(id);
      lost++;
    }
    process.send?.({ answers, lost } satisfies SoakBatch);
    answers = [];
    lost = 0;
  }, BATCH_EVERY);
}

function ask(): void {
  lastId = (lastId + 1) & 0xffff;
  const question = randomQuestion(random, services);
  const { name, type } = questionOf(question);
  const packet = dnsPacket.encode({
    type: 'query',
    id: lastId,
    flags: dnsPacket.RECURSION_DESIRED,
    questions: [{ name, type }],
    additionals: [{ type: 'OPT', name: '.', udpPayloadSize: 1232, flags: 0, options: [] } as never],
  });
  waiting.set(lastId, { question, sent: now() });
  socket.send(packet);
}

process.on('disconnect', () => process.exit());
