import { AnswerError, unreachable, UnreachableError } from '../api/answer-errors.js';
import { parseMessage, type StreamDial } from '../api/stream-client.js';
import { asError } from '../net/error-message.js';
import { ask } from './ask.js';

const PATH = '/v1/stream';

/** A connection without a message for this long is taken for dead: the daemon sends something every 15 seconds. */
const SILENCE_MS = 35_000;

/** Connections of the page to the daemon that it came from, with the browser's WebSocket. */
export const dialBrowser: StreamDial = async (first, signal, onMessage) => {
  const url = new URL(PATH, location.href);
  url.protocol = url.protocol.replace('http', 'ws');
  const socket = new WebSocket(url);
  const seen = { open: false };
  await new Promise<void>((resolve, reject) => {
    let silence: ReturnType<typeof setTimeout> | undefined;
    const heard = (): void => {
      clearTimeout(silence);
      silence = setTimeout(() => end(new UnreachableError('ETIMEDOUT', 'it says nothing')), SILENCE_MS);
    };
    const end = (error?: unknown): void => {
      clearTimeout(silence);
      signal.removeEventListener('abort', abort);
      socket.close();
      if (error === undefined) resolve();
      // What is thrown here may be the caller's.
      else reject(asError(error));
    };
    const abort = (): void => end();
    signal.addEventListener('abort', abort);
    heard();
    socket.onopen = () => {
      seen.open = true;
      socket.send(JSON.stringify(first));
    };
    socket.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (signal.aborted) return;
      heard();
      try {
        onMessage(parseMessage(String(data)));
      } catch (error) {
        end(error);
      }
    };
    socket.onclose = () => end();
  });
  if (seen.open || signal.aborted) return;
  await ask(PATH).catch(explain);
};

/** A browser does not tell why a handshake failed; an ordinary request does. */
function explain(error: unknown): never {
  const isReached = error instanceof AnswerError && error.problem.code === 'upgrade-required';
  if (isReached) throw new UnreachableError('EPROTO', 'the live stream cannot be opened from here');
  throw unreachable(error);
}
