import { bundled } from './bundled.js';

/** The file that an answering thread runs, from the source as it is. */
export function workerScript(): URL {
  return bundled(new URL('../../src/dns/server/native/answering-worker.ts', import.meta.url));
}
