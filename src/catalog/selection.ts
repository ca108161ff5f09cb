import type { Task } from './model.js';

/** Whether a task takes new traffic, and if not, why: words for `explain`. */
export type Selection = { readonly in: true } | { readonly in: false; readonly why: string };

const taken: Selection = { in: true };

/** Whether a task is among those that a service's name gives: DNS and balancers ask this one function. */
export function selectForService(task: Task): Selection {
  const name = selectForName(task);
  if (!name.in) return name;
  if (task.health !== 'healthy') return { in: false, why: withReason(task) };
  if (task.weight === 0) return { in: false, why: 'weight 0' };
  return taken;
}

/**
 * Whether a task is given under its own name. One that is unhealthy or still starting is: whoever asks for one task
 * wants that one. One that stops or has stopped is not: its address may be somebody else's next.
 */
export function selectForName(task: Task): Selection {
  if (task.health === 'stopped' || task.health === 'draining') return { in: false, why: withReason(task) };
  if (task.endpoints.length === 0) return { in: false, why: 'no address' };
  return taken;
}

function withReason({ health, reason }: Task): string {
  return reason === undefined ? health : `${health} (${reason})`;
}
