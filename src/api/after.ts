/** Runs `task` once, `ms` from now. @returns takes it back; harmless afterwards */
export type After = (ms: number, task: () => void) => () => void;

export const systemAfter: After = (ms, task) => {
  const timer = setTimeout(task, ms);
  return () => clearTimeout(timer);
};
