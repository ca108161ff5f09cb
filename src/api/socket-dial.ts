import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import type { RawData } from 'ws';
import { asError } from '../net/error-message.js';
import { unreachable } from './answer-errors.js';
import { answerErrorOf, headersFor, type ApiAddress } from './client.js';
import { notOurs, parseMessage, type StreamDial } from './stream-client.js';
import type { StreamMessage, SubscribeJson } from './types/stream.js';

/** Connections of programs to the daemon at this address. */
export function dialSocket(address: ApiAddress): StreamDial {
  return (first, signal, onMessage) => converse(address, first, signal, onMessage);
}

async function converse(
  address: ApiAddress,
  wanted: SubscribeJson,
  signal: AbortSignal,
  onMessage: (message: StreamMessage) => void,
): Promise<void> {
  // It is loaded here, because most commands do not need it.
  const { WebSocket: Client } = await import('ws');
  if (signal.aborted) return;
  const isTls = 'tls' in address;
  const { host, ...headers } = headersFor(address);
  const client = new Client(`${isTls ? 'wss' : 'ws'}://${host}/v1/stream`, {
    // ws itself makes connections over TLS, and checks the certificate.
    ...(isTls ? address.tls : { createConnection: () => connect(address) }),
    headers,
    perMessageDeflate: false,
    handshakeTimeout: 10_000,
    maxPayload: 0,
  });
  await new Promise<void>((resolve, reject) => {
    const abort = (): void => client.terminate();
    signal.addEventListener('abort', abort);
    const fail = (error: unknown): void => {
      // What is thrown here may be the caller's.
      reject(asError(error));
      client.terminate();
    };
    client.on('open', () => client.send(JSON.stringify(wanted)));
    client.on('message', (data, isBinary) => {
      try {
        onMessage(read(data, isBinary));
      } catch (error) {
        fail(error);
      }
    });
    client.on('unexpected-response', (_, response: IncomingMessage) => {
      answerErrorOf(response).then(fail, fail);
    });
    client.on('error', (error) => {
      if (signal.aborted) resolve();
      else reject(unreachable(error));
    });
    client.on('close', () => {
      signal.removeEventListener('abort', abort);
      resolve();
    });
  });
}

function read(data: RawData, isBinary: boolean): StreamMessage {
  if (isBinary) throw notOurs();
  return parseMessage((data as Buffer).toString());
}
