import type { Task } from './model.js';
import type { SourceFacts } from './source-facts.js';

/**
 * Whether a source only repeats what others observe directly. A registry, for example, lists a container of a host
 * whose engine is also a source. Its report counts only until the direct source has reported.
 */
export function isHearsay(
  { node }: Pick<Task, 'node'>,
  teller: SourceFacts,
  sources: readonly SourceFacts[],
): boolean {
  if (node === undefined || teller.node === node.id) return false;
  const witnesses = sources.filter((source) => source.node === node.id);
  return witnesses.length > 0 && witnesses.every(({ status }) => status.state !== 'loading');
}

/**
 * The tasks of a node that other sources report. Whether they count depends on the sources that observe the node
 * directly.
 */
export function tasksOfNode(node: string, sources: readonly SourceFacts[]): string[] {
  return sources
    .filter((source) => source.node !== node)
    .flatMap((source) => [...source.tasks.values()].filter((task) => task.node?.id === node))
    .map(({ id }) => id);
}
