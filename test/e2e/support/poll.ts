import { inspect, isDeepStrictEqual } from 'node:util';

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const PATIENCE = 60_000;

export interface UntilOptions {
  /** Milliseconds from now to give up. By default a minute: a busy machine gets as long as it needs. */
  readonly within?: number;
  /** Milliseconds between two looks. Default 50. */
  readonly every?: number;
  /** Added to the failure: the daemon's log, say. */
  readonly context?: () => string;
}

/**
 * Looks again and again until what is seen satisfies `isRight`; returns it. On failure the error carries the last
 * value, or the last error, and the context.
 */
export async function until<T>(
  what: string,
  look: () => Promise<T>,
  isRight: (value: T) => boolean,
  options: UntilOptions = {},
): Promise<T> {
  const { within = PATIENCE } = options;
  const deadline = Date.now() + within;
  let last: unknown;
  for (;;) {
    try {
      const value = await look();
      if (isRight(value)) return value;
      last = value;
    } catch (error) {
      last = error;
    }
    if (Date.now() >= deadline) break;
    await sleep(options.every ?? 50);
  }
  const context = options.context?.() ?? '';
  const seen = inspect(last, { depth: 6, breakLength: 110 });
  throw new Error(`not within ${within} ms: ${what}\nlast seen: ${seen}\n${context}`);
}

/** {@link until} what is seen equals `expected`. */
export async function untilEqual<T>(
  what: string,
  look: () => Promise<T>,
  expected: T,
  options: UntilOptions = {},
): Promise<void> {
  const wanted = inspect(expected, { depth: 6, breakLength: 110 });
  await until(`${what} = ${wanted}`, look, (value) => isDeepStrictEqual(value, expected), options);
}

/** Looks all the time, in the background; the function returned ends it, and rejects when a look did. */
export function keepLooking(look: () => Promise<void>): () => Promise<void> {
  const stop = new AbortController();
  const looking = (async () => {
    while (!stop.signal.aborted) {
      await look();
      await sleep(10);
    }
  })();
  looking.catch(() => undefined);
  return async () => {
    stop.abort();
    await looking;
  };
}
