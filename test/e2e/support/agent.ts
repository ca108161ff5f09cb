import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { compile } from './compile.js';
import type { Netns } from './netns.js';

const fixtures = fileURLToPath(new URL('../fixtures/planes', import.meta.url));

/** What a client saw: who answered how often, which source the tasks saw, and what went wrong. */
export interface Seen {
  readonly names: Readonly<Record<string, number>>;
  readonly peers: readonly string[];
  readonly errors: Readonly<Record<string, number>>;
  readonly order: readonly string[];
}

/** Has the program in another network namespace do something, and resolves with its answer. */
export type Order = <T>(what: Readonly<Record<string, unknown>>) => Promise<T>;

/** Compiles the program into a directory, for {@link startAgent}. */
export function compileAgent(dir: string): void {
  compile(fixtures, ['agent'], dir);
}

/** Starts `fixtures/planes/agent.ts` in a namespace; it ends with this process, or the namespace. */
export function startAgent({ spawn }: Pick<Netns, 'spawn'>, dir: string): Order {
  const child = spawn(process.execPath, [join(dir, 'agent.mjs')], { stdio: ['pipe', 'pipe', 'inherit'] });
  if (!child.stdout) throw new Error('the agent has no standard output');
  const waiting = new Map<number, (answer: unknown) => void>();
  createInterface(child.stdout).on('line', (line) => {
    const { id, answer } = JSON.parse(line) as { id: number; answer: unknown };
    waiting.get(id)?.(answer);
    waiting.delete(id);
  });
  let last = 0;
  return <T>(what: Readonly<Record<string, unknown>>): Promise<T> =>
    new Promise((resolve) => {
      const id = ++last;
      waiting.set(id, (answer) => resolve(answer as T));
      child.stdin?.write(`${JSON.stringify({ id, ...what })}\n`);
    });
}
