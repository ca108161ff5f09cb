/** Time as an interface, so that tests can hold it still. */
export interface Timers {
  /** Monotonic milliseconds. This is not the time of day, which can be set. */
  now(): number;
  /** Runs `task` once, `ms` from now. @returns cancels it; harmless after it ran */
  after(ms: number, task: () => void): () => void;
}

export const systemTimers: Timers = {
  now: () => performance.now(),
  after(ms, task) {
    const timer = setTimeout(task, ms);
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
