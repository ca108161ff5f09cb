import { abortedWith, failedWith, type ProbeResult } from './probe.js';

/** One probe's end, which comes once. */
export interface Settle {
  /** What the probe is at; it stands behind a timeout or an error. */
  when: string | undefined;
  /** The result when the signal is aborted, where that is not a failure. */
  atTimeout: ProbeResult | undefined;
  /** Ends the probe. Later calls do nothing. */
  done(result: ProbeResult): void;
  /** Ends it with an error of a socket. */
  fail(error: unknown): void;
}

/**
 * Runs a probe that is made of callbacks.
 * @param begin starts it; what it throws ends the probe
 * @returns resolves with the first result, or when the signal is aborted; `close` has been called then
 */
export function settleOnce(
  signal: AbortSignal,
  begin: (settle: Settle) => { readonly close: () => void },
): Promise<ProbeResult> {
  return new Promise((resolve) => {
    let ended = false;
    let close: (() => void) | undefined;
    const settle: Settle = {
      when: undefined,
      atTimeout: undefined,
      done(result) {
        if (ended) return;
        ended = true;
        signal.removeEventListener('abort', onAbort);
        quietly(close);
        resolve(result);
      },
      fail: (error) => settle.done(failedWith(error, settle.when)),
    };
    const onAbort = (): void => settle.done(settle.atTimeout ?? abortedWith(signal, settle.when));
    if (signal.aborted) {
      onAbort();
      return;
    }
    signal.addEventListener('abort', onAbort);
    try {
      close = begin(settle).close;
      // It may have ended while it began, when there was nothing to call yet.
      if (isTrue(() => ended)) quietly(close);
    } catch (error) {
      settle.fail(error);
    }
  });
}

/** Closing something that has closed itself meanwhile may throw; either way it is closed. */
function quietly(close: (() => void) | undefined): void {
  try {
    close?.();
  } catch {
    // Closed.
  }
}

/** Asks a flag again that callbacks may have set. */
const isTrue = (flag: () => boolean): boolean => flag();
