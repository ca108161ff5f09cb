import { note, type Located, type LocateContext } from './located.js';
import { link, linkInStack, nameServer, service, serviceForm, taskNamed } from './lookups.js';
import { networkAlias, withAliases } from './network-names.js';
import { overlay } from './overlay.js';

const OWN_LABEL = /^[a-z0-9_-]+$/;

/**
 * A short name, completed for the client. The order is documented in docs/dns.md.
 * @returns undefined when it is none of this client
 */
export function completeShort(context: LocateContext, labels: readonly string[]): Located | undefined {
  const [first = '', second] = labels;
  if (labels.length > 2 || !labels.every((label) => OWN_LABEL.test(label))) return undefined;
  if (context.view.stack === undefined) {
    if (second === undefined)
      note(context, first, false, 'the client is not known: fully qualified names only');
    return undefined;
  }
  return second === undefined ? completeLabel(context, first) : completePair(context, first, second);
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
    networkAlias(context, label) ??
    named([label], taskNamed(context, label)) ??
    (label === 'rancher-metadata' ? nameServer(label) : undefined)
  );
}

/**
 * Two labels: `service.stack`, and the short forms of the own stack. A name that ends in a top-level domain of the
 * Internet is completed inside the stack of that name alone.
 */
function completePair(context: LocateContext, first: string, second: string): Located | undefined {
  const { stack = '' } = context.view;
  const text = `${first}.${second}`;
  // Inside a stack its own name is the nearer meaning.
  if (second !== stack && context.topLevelDomains.has(second)) {
    note(context, text, false, `"${second}" is a top-level domain: it goes upstream`);
    return undefined;
  }
  const found = ours(context, [first, second], service(context, text, { service: first, stack: second }));
  if (found) return found;
  if (context.forwards.get([second]) ?? context.forwards.get([first, second])) {
    note(context, text, false, 'an upstream is configured for it');
    return undefined;
  }
  const own = { service: second, stack };
  return (
    linkInStack(context, first, second) ??
    ours(
      context,
      [first, second, stack],
      serviceForm(context, first, own) ?? service(context, `${text}.${stack}`, { ...own, sidekick: first }),
    )
  );
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
