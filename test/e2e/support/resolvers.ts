import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Docker } from './docker.js';

/** Name to sorted record data; a name without data is not in it. */
export type Answered = ReadonlyMap<string, readonly string[]>;

/** Asks one server for many names from inside a container's network namespace, with one dig. */
export async function askServer(
  docker: Docker,
  container: string,
  server: string,
  questions: readonly string[],
  dir: string,
): Promise<Answered> {
  const batch = join(dir, `questions-${container}-${server}`);
  writeFileSync(batch, `${questions.join('\n')}\n`);
  const inside = await docker.inside(container);
  const show = ['+noall', '+answer', '+time=5', '+tries=2', '+noedns', '+nosearch'];
  const { stdout } = await inside.run('dig', [`@${server}`, '-f', batch, ...show], { timeout: 120_000 });
  const answered = new Map<string, string[]>();
  for (const line of stdout.split('\n')) {
    const [owner = '', , , , data] = line.split(/\s+/);
    if (data === undefined || owner.startsWith(';')) continue;
    const name = owner.replace(/\.$/, '').toLowerCase();
    answered.set(name, [...(answered.get(name) ?? []), data].sort());
  }
  return answered;
}
