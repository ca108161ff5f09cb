/** Time, so that tests can hold it still. */
export interface Timers {
  /** Milliseconds that only grow; not the time of day, which is set now and then. */
  now(): number;
  /** Runs `task` once, `ms` from now. @returns takes it back; harmless afterwards */
  after(ms: number, task: () => void): () => void;
}

export const systemTimers: Timers = {
  now: () => performance.now(),
  after(ms, task) {
    const timer = setTimeout(task, ms);
    return () => clearTimeout(timer);
  },
};

/** Runs `task` every `ms` from now on. @returns ends that */
export function every(timers: Pick<Timers, 'after'>, ms: number, task: () => void): () => void {
  let cancel = timers.after(ms, tick);
  function tick(): void {
    cancel = timers.after(ms, tick);
    task();
  }
  return () => cancel();
}
