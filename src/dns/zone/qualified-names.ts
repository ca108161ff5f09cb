import type { Located, LocateContext } from './located.js';
import { portOf, service, serviceForm, type PartialRef } from './lookups.js';

/**
 * The meaning of a name that ends in a stack's name: a service, a service with `tasks.` or `vip.` in front, a sidekick,
 * or a port of any of them.
 * @param labels the two to five labels in front of the domain
 */
export function qualifiedName(context: LocateContext, labels: readonly string[]): Located | undefined {
  const [first = '', second = '', ...rest] = labels;
  const text = labels.join('.');
  if (first.startsWith('_')) {
    const ref = refOf(rest);
    return ref && portOf(context, first, second, ref);
  }
  const ref = refOf(labels.slice(1));
  const form = ref && serviceForm(context, first, ref);
  if (form) return form;
  const own = refOf(labels);
  return own && service(context, text, own);
}

/** `service.stack` or `sidekick.service.stack`. */
function refOf(labels: readonly string[]): PartialRef | undefined {
  const [first = '', second = '', third = ''] = labels;
  if (labels.length === 2) return { service: first, stack: second };
  return labels.length === 3 ? { sidekick: first, service: second, stack: third } : undefined;
}
