import { note, type Located, type LocateContext } from './located.js';
import { link, linkInStack, nameServer, service, taskNamed } from './lookups.js';
import { networkAlias, withAliases } from './network-names.js';
import { overlay } from './overlay.js';
import { qualifiedName } from './qualified-names.js';

const OWN_LABEL = /^[a-z0-9_-]+$/;

/** `_port._proto.sidekick.service.stack`. */
const MAX_LABELS = 5;

/**
 * Completes a short name for the client. docs/dns.md documents the order.
 * @returns undefined when this client has no such name
 */
export function completeShort(context: LocateContext, labels: readonly string[]): Located | undefined {
  const [first = '', second] = labels;
  if (labels.length > MAX_LABELS || !labels.every((label) => OWN_LABEL.test(label))) return undefined;
  if (context.view.stack === undefined) {
    if (second === undefined)
      note(context, first, false, 'the client is unknown, so it can only use fully qualified names');
    return undefined;
  }
  return second === undefined ? completeLabel(context, first) : completeQualified(context, labels);
}

/**
 * One label. In order: a link alias, a service or alias of the own stack, a sidekick of the own service, any alias, a
 * task.
 */
export function completeLabel(context: LocateContext, label: string): Located | undefined {
  const { stack, service: own } = context.view;
  if (stack === undefined) return undefined;
  const named = (relative: readonly string[], found: Located | undefined) => ours(context, relative, found);
  return (
    link(context, label) ??
    named(
      [label, stack],
      withAliases(context, label, stack, service(context, `${label}.${stack}`, { service: label, stack })),
    ) ??
    (own &&
      named(
        [label, own.service, own.stack],
        service(context, `${label}.${own.service}.${own.stack}`, {
          sidekick: label,
          service: own.service,
          stack: own.stack,
        }),
      )) ??
    (label === 'rancher-metadata' ? nameServer(label) : undefined) ??
    networkAlias(context, label) ??
    named([label], taskNamed(context, label))
  );
}

/**
 * Two or more labels: a name that ends in a stack's name, and the short forms of the own stack. If the last label is a
 * top-level domain of the Internet, the name is completed only for clients inside the stack of that name.
 */
function completeQualified(context: LocateContext, labels: readonly string[]): Located | undefined {
  const { stack = '' } = context.view;
  const [first = '', second = ''] = labels;
  const last = labels.at(-1) ?? '';
  const text = labels.join('.');
  // Inside the stack, its own name takes precedence.
  if (last !== stack && context.topLevelDomains.has(last)) {
    note(context, text, false, `"${last}" is a top-level domain, so the name goes upstream`);
    return undefined;
  }
  const found = ours(context, labels, qualifiedName(context, labels));
  if (found) return found;
  if (labels.some((_, at) => context.forwards.get(labels.slice(at)))) {
    note(context, text, false, 'an upstream is configured for it');
    return undefined;
  }
  const linked = labels.length === 2 ? linkInStack(context, first, second) : undefined;
  return linked ?? ours(context, [...labels, stack], qualifiedName(context, [...labels, stack]));
}

/** Includes the static records of the full name. */
function ours(
  context: LocateContext,
  relative: readonly string[],
  found: Located | undefined,
): Located | undefined {
  return context.records.isEmpty ? found : overlay(context, [...relative, ...context.domain], found);
}

/**
 * The single label in front of a domain in the client's search list as Rancher writes it: `stack.<domain>`,
 * `service.stack.<domain>`, `<domain>`.
 */
export function searchedLabel(
  { view: { stack, service: own } }: LocateContext,
  [label = '', ...rest]: readonly string[],
): string | undefined {
  if (stack === undefined) return undefined;
  const lists = [[], [stack], ...(own ? [[own.service, own.stack]] : [])];
  const isIn = lists.some(
    (list) => list.length === rest.length && list.every((each, at) => each === rest[at]),
  );
  return isIn ? label : undefined;
}
