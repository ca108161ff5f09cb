import { createSocket } from 'node:dgram';
import { addressesFrom } from './addresses.js';
import { encodeQuestion, faultOf, type Question } from './question.js';
import { FIRST_CLIENT } from './scenario.js';

const PATIENCE_MS = 1000;
const SAMPLES = 24;

/** Asks a server on 127.0.0.1. @param client the address to ask from @returns undefined: no reply in a second */
export function ask(port: number, message: Buffer, client: string): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    const end = (reply?: Buffer) => {
      clearTimeout(timer);
      socket.close();
      resolve(reply);
    };
    const timer = setTimeout(end, PATIENCE_MS);
    socket.once('message', end);
    // No process listens there yet.
    socket.once('error', () => end());
    socket.bind(0, client, () => socket.send(message, port, '127.0.0.1'));
  });
}

/**
 * Asks some of the questions, spread over all, as the load generator does: question i from client i modulo their number.
 * @returns what is wrong with the first reply that is not right; undefined: all were right
 */
export async function checkAnswers(
  port: number,
  questions: readonly Question[],
  clients: number,
): Promise<string | undefined> {
  const address = addressesFrom(FIRST_CLIENT);
  const step = Math.max(1, Math.floor(questions.length / SAMPLES));
  for (let index = 0; index < questions.length; index += step) {
    const question = questions[index];
    if (!question) break;
    const reply = await ask(port, encodeQuestion(question), address(index % clients));
    const fault = reply ? faultOf(question, reply) : `${question.name} ${question.type}: no reply`;
    if (fault !== undefined) return fault;
  }
  return undefined;
}
