import { existsSync, readFileSync } from 'node:fs';
import type { ChildProcess } from 'node:child_process';
import { ended, until, type FaultGround } from './fault-ground.js';
import type { Outcome } from './outcome.js';

/** One fault: what is done, what must hold, and within which time. */
export interface Fault {
  readonly done: string;
  readonly holds: string;
  /** Milliseconds; the limit for `heal`. */
  readonly within: number;
  /** Programs of this machine that it needs, besides Node; absent: none. */
  readonly needs?: readonly string[];
  /** @throws Error when what must hold does not */
  readonly run: () => Promise<Outcome>;
}

export const ADDRESS = '192.0.2.1';

/** A start of Node with all that Fairlead loads, on a busy machine. */
export const START_MS = 30_000;

export function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

export const wrongOf = (answer: string | undefined, expected = ADDRESS): number =>
  answer === expected ? 0 : 1;

/** Ends a daemon as a power failure does, when it has saved what it knows. */
export async function kill(ground: FaultGround, child: ChildProcess): Promise<void> {
  const state = ground.path('state', 'catalog.json');
  await until(() => existsSync(state) && readFileSync(state, 'utf8').includes(ADDRESS));
  child.kill('SIGKILL');
  await ended(child);
}
