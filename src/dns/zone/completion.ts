import { note, type Located, type LocateContext } from './located.js';
import { link, linkInStack, nameServer, service, taskNamed } from './lookups.js';
import { networkAlias, withAliases } from './network-names.js';
import { overlay } from './overlay.js';
import { qualifiedName } from './qualified-names.js';

const OWN_LABEL = /^[a-z0-9_-]+$/;

/** `_port._proto.sidekick.service.stack`. */
const MAX_LABELS = 5;

/**
 * A short name, completed for the client. The order is documented in docs/dns.md.
 * @returns undefined when this client has no such name
 */
export function completeShort(context: LocateContext, labels: readonly string[]): Located | undefined {
  const [first = '', second] = labels;
  if (labels.length > MAX_LABELS || !labels.every((label) => OWN_LABEL.test(label))) return undefined;
  if (context.view.stack === undefined) {
    if (second === undefined)
      note(context, first, false, 'the client is not known: fully qualified names only');
    return undefined;
  }
  return second === undefined ? completeLabel(context, first) : completeQualified(context, labels);
}

/** One label: link alias, the own stack's service and aliases, the own service's sidekick, any alias, task. */
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
 * Two labels and more: a name that ends in a stack's, and the short forms of the own stack. A name that ends in a
 * top-level domain of the Internet is completed inside the stack of that name alone.
 */
function completeQualified(context: LocateContext, labels: readonly string[]): Located | undefined {
  const { stack = '' } = context.view;
  const [first = '', second = ''] = labels;
  const last = labels.at(-1) ?? '';
  const text = labels.join('.');
  // Inside a stack its own name is the nearer meaning.
  if (last !== stack && context.topLevelDomains.has(last)) {
    note(context, text, false, `"${last}" is a top-level domain: it goes upstream`);
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

/** With the static records of the full name. */
function ours(
  context: LocateContext,
  relative: readonly string[],
  found: Located | undefined,
): Located | undefined {
  return context.records.isEmpty ? found : overlay(context, [...relative, ...context.domain], found);
}

/**
 * The one label in front of a domain that is in the client's search list as Rancher writes it:
 * `stack.<domain>`, `service.stack.<domain>`, `<domain>`.
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
