import { once } from 'node:events';
import { connect } from 'node:net';
import { FLAG, rcodeName, TYPE } from '../../../src/wire/constants.js';
import { frame, FrameBuffer } from '../../../src/wire/tcp-frames.js';
import { decodeMessage } from '../../../src/wire/message.js';
import { recordToText } from '../../../src/wire/record-text.js';
import { DOMAIN, SUBNET } from '../golden/fixture.js';
import { query } from '../packets.js';
import type { Question } from './questions.js';

/** How many questions are on their way at once; servers stop reading at more. */
const IN_FLIGHT = 32;

/** What a server has to say to a question, in a line: `NOERROR AA, no SOA: a.example. 1 IN A 192.0.2.1`. */
export type Said = string;

/**
 * Puts questions to a server on loopback, over one TCP connection.
 * @returns a line for each, in the order of the questions; rejects when the server hangs up
 */
export async function askAll(questions: readonly Question[], port: number): Promise<readonly Said[]> {
  const said = new Array<Said>(questions.length).fill('no reply');
  for (let first = 0; first < questions.length; first += CONNECTION) {
    await askOnce(questions.slice(first, first + CONNECTION), port, (at, line) => (said[first + at] = line));
  }
  return said;
}

/** Questions on one connection, which no server grudges. */
const CONNECTION = 90;

async function askOnce(
  questions: readonly Question[],
  port: number,
  tell: (at: number, line: Said) => void,
): Promise<void> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  const frames = new FrameBuffer();
  let sent = 0;
  let received = 0;
  const send = () => {
    while (sent < questions.length && sent - received < IN_FLIGHT) {
      const { name, type } = questions[sent] ?? { name: '', type: 'A' };
      socket.write(frame(query(`${name}.`, TYPE[type], { id: sent })));
      sent++;
    }
  };
  socket.on('data', (chunk) => {
    frames.push(chunk);
    for (let reply = frames.next(); reply; reply = frames.next()) {
      tell(reply.readUInt16BE(0), inWords(reply));
      received++;
    }
    if (received === questions.length) socket.end();
    else send();
  });
  socket.on('connect', send);
  await once(socket, 'close');
  if (received < questions.length)
    throw new Error(`127.0.0.1:${port} hung up after ${received} of ${questions.length} replies`);
}

function inWords(reply: Buffer): Said {
  const decoded = decodeMessage(reply, { records: 10_000 });
  if (!decoded.ok) return `cannot be read: ${decoded.fault}`;
  const { flags, rcode, answers, authority } = decoded.message;
  const bits = [(flags & FLAG.AA) !== 0 && 'AA', (flags & FLAG.TC) !== 0 && 'TC'].filter(Boolean);
  const soa = authority.some(({ type }) => type === TYPE.SOA) ? 'SOA' : 'no SOA';
  const records = answers.map(recordToText).map(comparable).sort();
  return `${[rcodeName(rcode), ...bits].join(' ')}, ${soa}: ${records.join('; ')}`;
}

/** Case does not count, nor does the time that an outside record has left. */
function comparable(record: string): string {
  const text = record.toLowerCase();
  const [owner = ''] = text.split(' ', 1);
  const isOurs = [DOMAIN, SUBNET.reverse].some((origin) => `.${owner}`.endsWith(`.${origin}.`));
  return isOurs ? text : text.replace(/^(\S+) \d+ /, '$1 * ');
}
