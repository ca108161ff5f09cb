import { connect, constants, type ClientHttp2Session } from 'node:http2';
import { formatHostPort } from '../../net/ip.js';
import type { GrpcCheck } from '../check.js';
import { openSocket, openTls } from './open-socket.js';
import { failed, oneLine, outside, passed, type Probe, type ProbeResult } from './probe.js';
import { settleOnce } from './settle.js';

const LIMIT = 4096;
/** HealthCheckResponse.ServingStatus, by number. */
const serving = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];

/** Calls `grpc.health.v1.Health/Check` and asks for SERVING (grpc/grpc doc/health-checking.md, PROTOCOL-HTTP2.md). */
export function grpcProbe(check: GrpcCheck): Probe {
  const message = requestMessage(check.service);
  return (target, signal) => {
    const refusal = outside(target);
    if (refusal) return Promise.resolve(refusal);
    return settleOnce(signal, (settle) => {
      settle.when = 'connecting';
      const session: ClientHttp2Session = connect(
        `${check.tls ? 'https' : 'http'}://${formatHostPort(target)}`,
        {
          createConnection: () =>
            check.tls ? openTls(target, { ALPNProtocols: ['h2'] }) : openSocket(target),
          maxSessionMemory: 1,
        },
      );
      session.on('error', (error) => settle.fail(error));
      session.on('close', () => settle.done(failed('closed without an answer')));
      session.on('connect', () => {
        settle.when = 'waiting for the answer';
      });
      const stream = session.request({
        [constants.HTTP2_HEADER_METHOD]: 'POST',
        [constants.HTTP2_HEADER_PATH]: '/grpc.health.v1.Health/Check',
        [constants.HTTP2_HEADER_CONTENT_TYPE]: 'application/grpc',
        [constants.HTTP2_HEADER_TE]: 'trailers',
      });
      const pieces: Buffer[] = [];
      let length = 0;
      let grpcStatus: string | undefined;
      const note = (headers: Record<string, unknown>): void => {
        const status = headers['grpc-status'];
        if (typeof status === 'string') grpcStatus = oneLine(status);
      };
      // When the session breaks, its streams are notified first, and only with "cancelled".
      stream.on('error', (error: Error) => settle.fail(error.cause ?? error));
      stream.on('response', (headers) => {
        note(headers);
        const status = String(headers[':status']);
        if (status !== '200') settle.done(failed(`HTTP ${status}, not gRPC`));
      });
      stream.on('trailers', note);
      stream.on('data', (piece: Buffer) => {
        length += piece.length;
        if (length > LIMIT) settle.done(failed('the answer is too long'));
        else pieces.push(piece);
      });
      stream.on('end', () => settle.done(judge(Buffer.concat(pieces), grpcStatus)));
      stream.end(message);
      return { close: () => session.destroy() };
    });
  };
}

/** A length-prefixed HealthCheckRequest: field 1, a string, omitted if empty. */
function requestMessage(service: string): Buffer {
  const text = Buffer.from(service, 'latin1');
  const size = text.length < 128 ? [text.length] : [(text.length & 127) | 128, text.length >> 7];
  const message = text.length === 0 ? text : Buffer.concat([Buffer.from([0x0a, ...size]), text]);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** The answer is HealthCheckResponse: field 1, an enum; 0 if omitted. */
function judge(bytes: Buffer, grpcStatus: string | undefined): ProbeResult {
  if (grpcStatus !== undefined && grpcStatus !== '0') return failed(`gRPC status ${grpcStatus}`);
  const message =
    bytes.length >= 5 && bytes[0] === 0 ? bytes.subarray(5, 5 + bytes.readUInt32BE(1)) : undefined;
  if (message === undefined) return failed('the answer is not a gRPC message');
  const status = message.length === 0 ? 0 : message[0] === 0x08 ? message[1] : undefined;
  const word = serving[status ?? -1];
  if (word === undefined) return failed('the answer is not a HealthCheckResponse');
  return word === 'SERVING' ? passed(word) : failed(word);
}
