import type { Task } from './model.js';
import type { SourceFacts } from './source-facts.js';

/**
 * Whether a source only repeats what others see themselves: a registry lists a container of a host whose engine is a
 * source too. Its word counts only while one of those sources has reported nothing yet.
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

/** The tasks of a node that other sources report: whether they count depends on those that see the node themselves. */
export function tasksOfNode(node: string, sources: readonly SourceFacts[]): string[] {
  return sources
    .filter((source) => source.node !== node)
    .flatMap((source) => [...source.tasks.values()].filter((task) => task.node?.id === node))
    .map(({ id }) => id);
}
