import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Collects garbage at once; the process need not be started with --expose-gc. */
function createCollector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

const collect = createCollector();

export interface MemoryUse {
  /** Live objects and buffers, in MB. */
  readonly heap: number;
  /** Resident set, in MB. */
  readonly rss: number;
}

const MB = 1024 * 1024;

export function memoryUse(): MemoryUse {
  collect();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heap: (heapUsed + external) / MB, rss: rss / MB };
}

export const round = (value: number) => Math.round(value * 100) / 100;
