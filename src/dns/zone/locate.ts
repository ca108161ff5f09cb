import { networkHolding } from '../../catalog/index.js';
import { ipFromReverseLabels } from '../../net/ip.js';
import type { Located, LocateContext } from './located.js';
import {
  hostAddress,
  link,
  linkInStack,
  note,
  portOf,
  service,
  serviceForm,
  taskNamed,
  type PartialRef,
} from './lookups.js';
import { locateSpecial } from './special-names.js';
import { isDelegatedTopLevelDomain } from './top-level-domains.js';

const OWN_LABEL = /^[a-z0-9_-]+$/;

/**
 * Finds what a name means. The order is documented in docs/dns.md and is the same for every client:
 * 1. names below the domain, exactly as they stand
 * 2. special-use names and reverse-mapping names of addresses that are ours
 * 3. one label: link alias, own stack's service, own service's sidekick, task name; never upstream
 * 4. two labels: `service.stack` and the short forms of the own stack, unless the last label is a delegated
 *    top-level domain and not the own stack; everything else goes upstream
 * @param labels lower case, leftmost first, without the root
 */
export function locate(context: LocateContext, labels: readonly string[]): Located {
  const located = locateAny(context, labels);
  if (context.steps?.length === 0) {
    const isFound = located.kind !== 'absent' && located.kind !== 'foreign';
    note(context, labels.join('.') || '.', isFound, located.rule);
  }
  return located;
}

function locateAny(context: LocateContext, labels: readonly string[]): Located {
  const relative = below(labels, context.domain);
  if (relative) return locateOwn(context, relative);
  const special = locateSpecial(labels);
  if (special) return special;
  const ip = ipFromReverseLabels(labels);
  if (ip !== undefined) return locateReverse(context, ip);
  if (labels.length === 0) return { kind: 'foreign', rule: 'the root zone' };
  if (labels.length === 1) return locateSingle(context, labels[0] ?? '');
  if (labels.length === 2) return locatePair(context, labels[0] ?? '', labels[1] ?? '');
  return { kind: 'foreign', rule: `not below ${context.domain.join('.')}` };
}

/** The labels in front of a suffix; undefined when the name does not end in it. */
function below(labels: readonly string[], suffix: readonly string[]): readonly string[] | undefined {
  const rest = labels.length - suffix.length;
  if (rest < 0 || !suffix.every((label, at) => label === labels[rest + at])) return undefined;
  return labels.slice(0, rest);
}

function locateOwn(context: LocateContext, relative: readonly string[]): Located {
  if (relative.length === 0) return { kind: 'apex', rule: 'the domain itself' };
  // A label with a dot in it must not be taken for two: such names are nobody's.
  if (!relative.every((label) => OWN_LABEL.test(label)))
    return { kind: 'absent', rule: 'no name of ours has such octets' };
  const found = locateOwnExact(context, relative);
  if (found) return found;
  if (isEmptyNonTerminal(context, relative))
    return { kind: 'empty', rule: 'names exist below it, but none is it' };
  return { kind: 'absent', rule: 'no service, task or link has this name' };
}

function locateOwnExact(context: LocateContext, relative: readonly string[]): Located | undefined {
  const [first = '', second = '', third = ''] = relative;
  switch (relative.length) {
    case 1:
      return (
        link(context, first) ??
        taskNamed(context, first) ??
        hostAddress(context, first) ??
        nameServer(first) ??
        // A stack of this name makes it an empty non-terminal, and musl ends its search list there.
        (context.snapshot.hasStack(context.view.environment, first) ? ownService(context, first) : undefined)
      );
    case 2:
      return (
        service(context, `${first}.${second}`, { service: first, stack: second }) ??
        linkInStack(context, first, second) ??
        taskNamed(context, relative)
      );
    case 3:
      return (
        serviceForm(context, first, { service: second, stack: third }) ??
        service(context, relative.join('.'), { sidekick: first, service: second, stack: third }) ??
        taskNamed(context, relative)
      );
    case 4:
    case 5: {
      const [fourth = '', fifth = ''] = relative.slice(3);
      if (first.startsWith('_')) {
        const ref =
          relative.length === 4
            ? { service: third, stack: fourth }
            : { sidekick: third, service: fourth, stack: fifth };
        return portOf(context, first, second, ref);
      }
      if (relative.length === 4) {
        const found = serviceForm(context, first, { sidekick: second, service: third, stack: fourth });
        if (found) return found;
      }
      return taskNamed(context, relative);
    }
    default:
      return taskNamed(context, relative);
  }
}

/** Rancher gives its metadata service the address of the name server. */
function nameServer(label: string): Located | undefined {
  return label === 'ns' || label === 'rancher-metadata'
    ? { kind: 'name-server', rule: "the name server's own address" }
    : undefined;
}

function locateSingle(context: LocateContext, label: string): Located {
  const { view } = context;
  // "com" does exist: a cache that heard otherwise would deny all that is below it (RFC 8020).
  const denied: Located = isDelegatedTopLevelDomain(label)
    ? { kind: 'empty', rule: 'a top-level domain; a single label never goes upstream' }
    : { kind: 'absent', rule: 'a single label never goes upstream' };
  if (!OWN_LABEL.test(label)) return denied;
  if (view.stack === undefined) {
    note(context, label, false, 'the client is not known: fully qualified names only');
    return denied;
  }
  return (
    link(context, label) ??
    ownService(context, label) ??
    ownSidekick(context, label) ??
    taskNamed(context, label) ??
    (label === 'rancher-metadata' ? nameServer(label) : undefined) ??
    denied
  );
}

function locatePair(context: LocateContext, first: string, second: string): Located {
  const { view } = context;
  const text = `${first}.${second}`;
  const foreign: Located = { kind: 'foreign', rule: `not below ${context.domain.join('.')}` };
  if (view.stack === undefined || !OWN_LABEL.test(first) || !OWN_LABEL.test(second)) return foreign;
  // Inside a stack its own name is the nearer meaning.
  if (second !== view.stack && isDelegatedTopLevelDomain(second)) {
    note(context, text, false, `"${second}" is a top-level domain: it goes upstream`);
    return foreign;
  }
  const own = { service: second, stack: view.stack };
  return (
    service(context, text, { service: first, stack: second }) ??
    linkInStack(context, first, second) ??
    serviceForm(context, first, own) ??
    service(context, `${text}.${view.stack}`, { ...own, sidekick: first }) ??
    foreign
  );
}

function locateReverse({ snapshot, view }: LocateContext, ip: string): Located {
  const task = snapshot
    .tasksAt(ip)
    .find((each) => each.environment === view.environment && each.names.length > 0);
  if (task) return { kind: 'reverse', task, rule: `the address of ${task.name}` };
  const network = networkHolding(snapshot, ip);
  if (network) return { kind: 'absent', rule: `an address of network ${network.name} that no task has` };
  return { kind: 'foreign', rule: 'an address that is not ours' };
}

function ownService(context: LocateContext, label: string): Located | undefined {
  const { stack } = context.view;
  return stack === undefined ? undefined : service(context, `${label}.${stack}`, { service: label, stack });
}

function ownSidekick(context: LocateContext, label: string): Located | undefined {
  const own = context.view.service;
  if (!own) return undefined;
  const ref = { sidekick: label, service: own.service, stack: own.stack };
  return service(context, `${label}.${own.service}.${own.stack}`, ref);
}

function isEmptyNonTerminal({ snapshot, view }: LocateContext, relative: readonly string[]): boolean {
  const { environment } = view;
  const exists = (ref: PartialRef) => snapshot.service({ environment, ...ref }) !== undefined;
  const [first = '', second = '', third = '', fourth = ''] = relative;
  if (snapshot.isNameSuffix(environment, relative.join('.'))) return true;
  const protocolOf = (ref: PartialRef) => {
    const found = snapshot.service({ environment, ...ref });
    return found?.ports.some((port) => `_${port.protocol}` === first) ?? false;
  };
  switch (relative.length) {
    case 1:
      return snapshot.hasStack(environment, first);
    case 2:
      // The primary service of a sidekick need not be there itself.
      return snapshot.stack(environment, second).some((each) => each.service === first);
    case 3:
      return protocolOf({ service: second, stack: third });
    case 4:
      return (
        exists({ sidekick: second, service: third, stack: fourth }) &&
        protocolOf({ sidekick: second, service: third, stack: fourth })
      );
    default:
      return false;
  }
}
