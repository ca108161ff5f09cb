/** Time as an interface, so that tests can hold it still. */
export interface Timers {
  /** Monotonic milliseconds. This is not the time of day, which can be set. */
  now(): number;
  /** Runs `task` once, `ms` from now or later, by {@link now}. @returns cancels it; harmless after it ran */
  after(ms: number, task: () => void): () => void;
}

export const systemTimers: Timers = {
  now: () => performance.now(),
  after(ms, task) {
    const due = performance.now() + ms;
    let timer = setTimeout(look, ms);
    // Node counts whole milliseconds, so its timers come up to one early.
    function look(): void {
      const left = due - performance.now();
      if (left > 0) timer = setTimeout(look, left);
      else task();
    }
    return () => clearTimeout(timer);
  },
};

/** Runs `task` every `ms` from now on. @returns stops it */
export function every(timers: Pick<Timers, 'after'>, ms: number, task: () => void): () => void {
  let cancel = timers.after(ms, tick);
  function tick(): void {
    cancel = timers.after(ms, tick);
    task();
  }
  return () => cancel();
}
