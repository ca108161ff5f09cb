import { connect } from 'node:net';
import type { HostPort } from '../../net/ip.js';
import { FLAG } from '../../wire/constants.js';
import { frame, FrameBuffer } from '../../wire/tcp-frames.js';
import { answersQuestion, decodeMessage } from '../../wire/message.js';
import type { WireQuestion } from '../../wire/query-message.js';
import type { Outcome } from './outcome.js';
import { errorName } from './udp-exchange.js';

/**
 * Sends a query over a new TCP connection and waits for its reply until the signal aborts (RFC 7766). The first message
 * received must be the reply: no other host can have sent it on a stream.
 * @param query the wire form of `question` with this `id`
 */
export function exchangeTcp(
  upstream: HostPort,
  query: Uint8Array,
  id: number,
  question: WireQuestion,
  signal: AbortSignal,
): Promise<Outcome> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve({ kind: 'aborted' });
      return;
    }
    const frames = new FrameBuffer();
    const socket = connect({ host: upstream.ip, port: upstream.port, noDelay: true });
    const settle = (outcome: Outcome): void => {
      signal.removeEventListener('abort', abort);
      socket.destroy();
      resolve(outcome);
    };
    const abort = (): void => settle({ kind: 'aborted' });
    const fail = (detail: string): void => settle({ kind: 'network', detail });
    signal.addEventListener('abort', abort);
    socket.on('error', (error) => fail(errorName(error)));
    socket.on('close', () => fail('connection closed'));
    socket.on('connect', () => socket.write(frame(query)));
    socket.on('data', (chunk) => {
      frames.push(chunk);
      const wire = frames.next();
      if (wire === undefined) return;
      const decoded = decodeMessage(wire);
      if (!decoded.ok) {
        fail(`malformed reply: ${decoded.fault}`);
        return;
      }
      if (!answersQuestion(decoded.message, id, question)) {
        fail('reply to another question');
        return;
      }
      if ((decoded.message.flags & FLAG.TC) !== 0) {
        fail('reply cut off over TCP');
        return;
      }
      settle({ kind: 'reply', message: decoded.message });
    });
  });
}
