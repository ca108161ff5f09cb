import { completeShort } from './completion.js';
import { below, note, type Located, type LocateContext } from './located.js';
import { locateLocalhost, locateLocalZone } from './local-zones.js';
import { networkName } from './network-names.js';
import { overlayAll } from './overlay.js';
import { locateOwn } from './own-names.js';
import { locateReverse } from './reverse.js';

/**
 * Finds the meaning of a name. The order is documented in docs/dns.md and is the same for every client:
 * 1. static records of the name, for the types that they have
 * 2. names below the domain, taken literally
 * 3. short names of one and two labels, completed for the client
 * 4. names that Docker's resolver has for the client's networks: aliases with dots, `<name>.<network>`
 * 5. reverse names of our addresses, and the zones that every resolver denies
 * 6. static wildcards
 *
 * Everything else goes upstream, except single labels.
 * @param labels lower case, leftmost first, without the root
 */
export function locate(context: LocateContext, labels: readonly string[]): Located {
  const located = overlayAll(context, labels, locatePlain(context, labels), exists);
  if (context.steps?.length === 0) {
    const isFound = located.kind !== 'absent' && located.kind !== 'foreign';
    note(context, labels.join('.') || '.', isFound, located.rule);
  }
  return located;
}

/** Whether a name has a meaning without static records and without completion. */
function exists(context: LocateContext, labels: readonly string[]): boolean {
  const found = locatePlain({ ...context, absolute: true, steps: undefined }, labels);
  return found.kind !== 'absent' && found.kind !== 'foreign' && found.isDefault !== true;
}

/** The meaning of a name without static records of that very name. */
function locatePlain(context: LocateContext, labels: readonly string[]): Located {
  const relative = below(labels, context.domain);
  if (relative) return locateOwn(context, relative);
  if (labels.length === 0) return { kind: 'foreign', rule: 'the root zone' };
  const found =
    locateLocalhost(labels) ??
    (context.absolute ? undefined : (completeShort(context, labels) ?? networkName(context, labels))) ??
    locateReverse(context, labels) ??
    locateLocalZone(labels) ??
    deniedLabel(context, labels);
  const isDenied = found?.kind === 'absent' || found?.kind === 'empty' || found?.kind === 'apex';
  if (found === undefined || isDenied) {
    const forward = context.forwards.nearest(labels);
    if (forward)
      return { kind: 'foreign', rule: `an upstream is configured for ${forward.labels.join('.')}` };
    const opened = context.opened.nearest(labels);
    if (opened) return { kind: 'foreign', rule: `${opened.labels.join('.')} goes upstream: ${opened.value}` };
  }
  return found ?? { kind: 'foreign', rule: `not below ${context.domain.join('.')}` };
}

function deniedLabel({ topLevelDomains }: LocateContext, labels: readonly string[]): Located | undefined {
  const [label = '', ...more] = labels;
  if (more.length > 0) return undefined;
  // "com" exists. A cache that learned otherwise would deny everything below it (RFC 8020).
  return topLevelDomains.has(label)
    ? { kind: 'empty', rule: 'a top-level domain; a single label never goes upstream' }
    : { kind: 'absent', rule: 'a single label never goes upstream' };
}
