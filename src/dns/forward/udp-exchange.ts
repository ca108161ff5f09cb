import { createSocket } from 'node:dgram';
import { ipFamily, type HostPort } from '../../net/ip.js';
import { FLAG } from '../../wire/constants.js';
import { answersQuestion, decodeMessage, type Message } from '../../wire/message.js';
import type { WireQuestion } from '../../wire/query-message.js';
import type { Outcome } from './outcome.js';
import { asError } from '../../net/error-message.js';

/** After this many wrong replies the query goes to TCP, where guessing is hopeless (RFC 5452 section 9.2). */
const MAX_MISMATCHES = 10;

/**
 * Sends a query over UDP and waits for its reply until the signal aborts. Each query has its own socket: the kernel
 * gives it an unpredictable port, drops packets from other addresses, and reports ICMP errors. Malformed datagrams and
 * answers to other questions are ignored, so that a forged one cannot end the wait. Names are compared without regard
 * to case, because queries are all lower case and their case is not a secret.
 * @param query the wire form of `question` with this `id`
 * @param isGenuine whether a matching reply really comes from the upstream; if not, the query goes to TCP
 */
export function exchangeUdp(
  upstream: HostPort,
  query: Uint8Array,
  id: number,
  question: WireQuestion,
  isGenuine: (reply: Message) => boolean,
  signal: AbortSignal,
): Promise<Outcome> {
  return new Promise((resolve) => {
    const family = ipFamily(upstream.ip);
    const socket = createSocket({
      type: family === 4 ? 'udp4' : 'udp6',
      lookup: (host, _options, callback) => {
        callback(null, host, family);
      },
    });
    let mismatches = 0;
    let settled = false;
    const settle = (outcome: Outcome): void => {
      if (settled) return;
      settled = true;
      signal.removeEventListener('abort', abort);
      socket.close();
      resolve(outcome);
    };
    const abort = (): void => settle({ kind: 'aborted' });
    const fail = (error: Error | null | undefined): void => {
      if (error) settle({ kind: 'network', detail: errorName(error) });
    };
    socket.on('error', fail);
    socket.on('message', (wire) => {
      const decoded = decodeMessage(wire);
      if (decoded.ok && answersQuestion(decoded.message, id, question)) {
        const { message } = decoded;
        if (!isGenuine(message)) settle({ kind: 'suspicious' });
        else settle((message.flags & FLAG.TC) !== 0 ? { kind: 'truncated' } : { kind: 'reply', message });
      } else if (++mismatches >= MAX_MISMATCHES) {
        settle({ kind: 'suspicious' });
      }
    });
    if (signal.aborted) {
      abort();
      return;
    }
    signal.addEventListener('abort', abort);
    try {
      socket.connect(upstream.port, upstream.ip, (error?: Error) => {
        fail(error);
        if (!settled) socket.send(query, fail);
      });
    } catch (error) {
      fail(asError(error));
    }
  });
}

/** `ECONNREFUSED` and the like, otherwise the message. */
export function errorName(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}
