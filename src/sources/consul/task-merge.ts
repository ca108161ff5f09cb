import type { TaskFact } from '../../catalog/facts.js';
import type { Health, TaskPort } from '../../catalog/model.js';

/** The worst health counts: if one port of a container fails, it is not served for its other ports either. */
const worstFirst: readonly Health[] = [
  'stopped',
  'draining',
  'unhealthy',
  'initializing',
  'reinitializing',
  'healthy',
];

/**
 * Merges the instances of a task: the ports of all, and the worst health. Its host's address is known from a published
 * port.
 */
export function mergeInstances(facts: readonly TaskFact[]): TaskFact | undefined {
  const [first, ...others] = facts;
  if (first === undefined || others.length === 0) return first;
  const worst = facts.reduce((a, b) => (rank(b) < rank(a) ? b : a));
  const ports = new Map<string, TaskPort>();
  for (const { ports: own } of facts)
    for (const port of own) ports.set(`${port.port}/${port.protocol}`, port);
  const placed = facts.find(({ ports: own }) => own.some(({ published }) => published)) ?? worst;
  return {
    // The health and reason of the worst instance.
    ...worst,
    endpoints: placed.endpoints,
    ports: [...ports.values()].sort((a, b) => a.port - b.port || (a.protocol < b.protocol ? -1 : 1)),
    labels: Object.assign({}, ...facts.map(({ labels }) => labels)) as Record<string, string>,
  };
}

function rank({ health }: TaskFact): number {
  return worstFirst.indexOf(health);
}
