import { abortedWith, failedWith, type ProbeResult } from './probe.js';

/** The end of a probe, which happens once. */
export interface Settle {
  /** The current step of the probe, appended to a timeout or an error. */
  when: string | undefined;
  /** The result if the signal is aborted and that is not a failure. */
  atTimeout: ProbeResult | undefined;
  /** Ends the probe. Later calls do nothing. */
  done(result: ProbeResult): void;
  /** Ends it with an error of a socket. */
  fail(error: unknown): void;
}

/**
 * Runs a probe that uses callbacks.
 * @param begin starts it; an exception ends the probe
 * @returns resolves with the first result, or when the signal is aborted; `close` has then been called
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
      // It may have ended during `begin`, before there was anything to close.
      if (isTrue(() => ended)) quietly(close);
    } catch (error) {
      settle.fail(error);
    }
  });
}

/** Closing something that is already closed may throw. Either way it is closed. */
function quietly(close: (() => void) | undefined): void {
  try {
    close?.();
  } catch {
    // Closed.
  }
}

/** Reads a flag that callbacks may have set. */
const isTrue = (flag: () => boolean): boolean => flag();
