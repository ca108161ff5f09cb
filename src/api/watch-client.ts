import { getLines, UnreachableError, type ApiAddress } from './client.js';
import type { WatchMessage } from './types/watch.js';

/**
 * Reads the messages of `GET /v1/watch` until the stream ends or is aborted.
 * @param since the cursor to resume from
 * @throws UnreachableError, AnswerError
 */
export async function* watchMessages(
  address: ApiAddress,
  since: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<WatchMessage> {
  for await (const line of getLines(address, '/v1/watch', { since }, signal)) yield parse(line);
}

function parse(line: string): WatchMessage {
  try {
    // Our own daemon sends the types of types/watch.ts.
    return JSON.parse(line) as WatchMessage;
  } catch {
    throw new UnreachableError(
      'EPROTO',
      'the server there is not Fairlead (a line of /v1/watch is not JSON)',
    );
  }
}
