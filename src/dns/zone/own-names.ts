import { completeLabel, searchedLabel } from './completion.js';
import type { Located, LocateContext } from './located.js';
import { qualifiedName } from './qualified-names.js';
import { networkAlias, withAliases } from './network-names.js';
import {
  hostAddress,
  link,
  linkInStack,
  nameServer,
  ownLink,
  service,
  taskNamed,
  type PartialRef,
} from './lookups.js';

const OWN_LABEL = /^[a-z0-9_-]+$/;

/**
 * A name below the domain, taken literally.
 * @param relative the labels in front of the domain
 */
export function locateOwn(context: LocateContext, relative: readonly string[]): Located {
  const zone = context.domain;
  if (relative.length === 0) return { kind: 'apex', zone, rule: 'the domain itself' };
  // A label that contains a dot must not be taken for two labels, so such names do not exist.
  if (!relative.every((label) => OWN_LABEL.test(label)))
    return { kind: 'absent', zone, rule: 'no name in the domain has such bytes' };
  const found = locateExact(context, relative);
  if (found) return found;
  if (!isEmptyNonTerminal(context, relative)) {
    const rule = 'no service, task or link has this name';
    if (!mayBeRemote(context, relative)) return { kind: 'absent', zone, rule };
    return {
      kind: 'absent',
      zone,
      awaited: true,
      rule: `${rule} so far, but a source of other hosts has not reported yet`,
    };
  }
  // musl stops its search list at a name without data, so later entries of that list are looked up here.
  const label = context.absolute ? undefined : searchedLabel(context, relative);
  const completed = label === undefined ? undefined : completeLabel(context, label);
  return completed ?? { kind: 'empty', zone, rule: 'it has no records, but names exist below it' };
}

/**
 * Whether a source that has yet to report may turn out to have a name, because the name's stack is unknown here. A
 * search list also appends the domain to names of the Internet and of other resolvers. These are still denied, because
 * some clients stop searching at SERVFAIL.
 */
function mayBeRemote(
  { snapshot, view, forwards, topLevelDomains }: LocateContext,
  relative: readonly string[],
): boolean {
  if (snapshot.complete || relative.length < 2) return false;
  const last = relative.at(-1) ?? '';
  const isKnown = snapshot.hasStack(view.environment, last) || snapshot.isNameSuffix(view.environment, last);
  return !isKnown && !topLevelDomains.has(last) && forwards.nearest(relative) === undefined;
}

function locateExact(context: LocateContext, relative: readonly string[]): Located | undefined {
  const [first = '', second = ''] = relative;
  switch (relative.length) {
    case 1:
      return (
        link(context, first) ??
        nameServer(first) ??
        networkAlias(context, first) ??
        taskNamed(context, first) ??
        hostAddress(context, first)
      );
    case 2:
      return (
        ownLink(context, first, second) ??
        withAliases(
          context,
          first,
          second,
          service(context, `${first}.${second}`, { service: first, stack: second }),
        ) ??
        linkInStack(context, first, second) ??
        taskNamed(context, relative)
      );
    default:
      return qualifiedName(context, relative) ?? taskNamed(context, relative);
  }
}

function isEmptyNonTerminal({ snapshot, view }: LocateContext, relative: readonly string[]): boolean {
  const { environment } = view;
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
      // The primary service of a sidekick need not exist itself.
      return snapshot.hasServiceOrSidekick({ environment, stack: second, service: first });
    case 3:
      return protocolOf({ service: second, stack: third });
    case 4:
      return protocolOf({ sidekick: second, service: third, stack: fourth });
    default:
      return false;
  }
}
