import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import type { RawData } from 'ws';
import { asError } from '../net/error-message.js';
import { AnswerError, answerErrorOf, unreachable, UnreachableError, type ApiAddress } from './client.js';
import { StreamPosition } from './stream/stream-position.js';
import type { StreamMessage, SubscribeJson } from './types/stream.js';

export interface StreamClientOptions {
  readonly address: ApiAddress;
  /** What the client wants to see. */
  readonly wanted: SubscribeJson;
  /** Called with each message, after {@link StreamClient.position} has it. What it throws ends the client. */
  readonly onMessage?: (message: StreamMessage) => void;
  /** Called when the connection could not be made or has ended; it is made again. What it throws ends the client. */
  readonly onFault?: (fault: Error) => void;
  /** Called when there may be something new: a message, a fault, or the end of a fault. */
  readonly onNews?: () => void;
  /** Milliseconds until the next attempt. */
  readonly retryMs?: number;
}

/** Milliseconds until the daemon is asked again after the connection was lost. */
const RETRY_MS = 1000;

/**
 * Follows `GET /v1/stream` and goes on where a connection was cut, until it is closed. The daemon may be restarted
 * meanwhile.
 */
export class StreamClient {
  readonly position: StreamPosition;
  /** Why there is no connection; undefined: there is one, or none was tried yet. */
  fault: Error | undefined;
  readonly #options: StreamClientOptions;
  readonly #closing = new AbortController();

  constructor(options: StreamClientOptions) {
    this.#options = options;
    this.position = new StreamPosition(options.wanted);
  }

  close(): void {
    this.#closing.abort();
  }

  #isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  /**
   * Resolves when the client is closed.
   * @throws what the callbacks throw
   */
  async follow(): Promise<void> {
    const { signal } = this.#closing;
    const { address, onMessage, onFault, onNews, retryMs = RETRY_MS } = this.#options;
    while (!this.#isClosed()) {
      try {
        await converse(address, this.position.subscribe(), signal, (message) => {
          if ('code' in message && message.code === 'bad-message') throw refused(message.detail);
          this.fault = undefined;
          this.position.take(message);
          onMessage?.(message);
          onNews?.();
        });
        this.fault = new UnreachableError('ECONNRESET', this.position.farewell ?? 'it ended the stream');
      } catch (error) {
        if (!(error instanceof UnreachableError || error instanceof AnswerError)) throw error;
        this.fault = error;
      }
      this.position.cut();
      if (this.#isClosed()) return;
      onFault?.(this.fault);
      onNews?.();
      await pause(retryMs, signal);
    }
  }
}

/** The daemon does not take the subscription: it is of another version, or an option of the user's is wrong. */
function refused(detail: string): AnswerError {
  const title = 'Bad Request';
  return new AnswerError({ type: 'about:blank', title, status: 400, code: 'parameter-invalid', detail });
}

/**
 * One connection: subscribes, and reads until it ends.
 * @throws UnreachableError, AnswerError; or what `onMessage` throws
 */
async function converse(
  address: ApiAddress,
  wanted: SubscribeJson,
  signal: AbortSignal,
  onMessage: (message: StreamMessage) => void,
): Promise<void> {
  // It is loaded here, because most commands do not need it.
  const { WebSocket: Client } = await import('ws');
  if (signal.aborted) return;
  const client = new Client('ws://localhost/v1/stream', {
    createConnection: () => connect(address),
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
  try {
    if (isBinary) throw new Error('binary');
    // Our own daemon sends the types of types/stream.ts.
    return JSON.parse((data as Buffer).toString()) as StreamMessage;
  } catch {
    throw new UnreachableError(
      'EPROTO',
      'the server there is not Fairlead (a message of /v1/stream is not JSON)',
    );
  }
}

/** Ends early when it is closed, and leaves no timer behind. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
