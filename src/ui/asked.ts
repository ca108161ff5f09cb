import { useEffect, useState } from 'preact/hooks';
import { asError } from '../net/error-message.js';
import { ask } from './ask.js';

/** An answer of the API; while it is asked for again, the last one stays. */
export interface Asked<T> {
  readonly value?: T;
  readonly error?: Error;
}

/** Milliseconds from a change until it is asked again. */
const BURST_MS = 200;

/**
 * Asks whenever one of `when` has changed.
 * @param path undefined: nothing is asked
 */
export function useAsked<T>(path: string | undefined, when: readonly unknown[]): Asked<T> {
  const [asked, setAsked] = useState<Asked<T> & { readonly path?: string }>({});
  useEffect(() => {
    if (path === undefined) return undefined;
    const abort = new AbortController();
    const begin = (): void => {
      ask<T>(path, abort.signal).then(
        (value) => setAsked({ path, value }),
        (error: unknown) => {
          if (!abort.signal.aborted) setAsked((last) => ({ ...last, path, error: asError(error) }));
        },
      );
    };
    // Changes come in bursts, and one answer has them all.
    const timer = setTimeout(begin, asked.path === path ? BURST_MS : 0);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [path, ...when]);
  return asked.path === path ? asked : {};
}
