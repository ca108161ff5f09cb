import { AnswerError, UnreachableError } from './answer-errors.js';
import { StreamPosition } from './stream/stream-position.js';
import type { StreamMessage, SubscribeJson } from './types/stream.js';

/**
 * One connection to `GET /v1/stream`: sends the first message, gives those of the daemon, and resolves when it has
 * ended.
 * @throws UnreachableError, AnswerError; or what `onMessage` throws
 */
export type StreamDial = (
  first: SubscribeJson,
  signal: AbortSignal,
  onMessage: (message: StreamMessage) => void,
) => Promise<void>;

export interface StreamClientOptions {
  /** How a connection is made: in Node over a socket, in a browser with its own WebSocket. */
  readonly dial: StreamDial;
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
    const { dial, onMessage, onFault, onNews, retryMs = RETRY_MS } = this.#options;
    while (!this.#isClosed()) {
      try {
        await dial(this.position.subscribe(), signal, (message) => {
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

/** @throws UnreachableError if it is not a message of Fairlead */
export function parseMessage(text: string): StreamMessage {
  try {
    // Our own daemon sends the types of types/stream.ts.
    return JSON.parse(text) as StreamMessage;
  } catch {
    throw notOurs();
  }
}

export function notOurs(): UnreachableError {
  return new UnreachableError(
    'EPROTO',
    'the server there is not Fairlead (a message of /v1/stream is not JSON)',
  );
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
