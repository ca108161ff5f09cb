import type { LabelTree } from './label-tree.js';
import { note, type Located, type LocateContext } from './located.js';
import type { StaticName } from './static-records.js';

/** Puts the static records of a name over its other meaning. For each type they have, they replace all other data. */
export function overlay(context: LocateContext, labels: readonly string[], beside: Located): Located;
export function overlay(
  context: LocateContext,
  labels: readonly string[],
  beside: Located | undefined,
): Located | undefined;
export function overlay(
  context: LocateContext,
  labels: readonly string[],
  beside: Located | undefined,
): Located | undefined {
  const name = context.records.get(labels);
  return name
    ? staticName(context, labels, name, beside ?? { kind: 'absent', rule: 'only static records' })
    : beside;
}

/**
 * Like {@link overlay}, but also handles names without records: empty non-terminals, and names that a wildcard covers
 * (RFC 4592). Any existing name between the wildcard and the queried name blocks the wildcard.
 * @param exists whether a name has a meaning without the records
 */
export function overlayAll(
  context: LocateContext,
  labels: readonly string[],
  beside: Located,
  exists: (context: LocateContext, labels: readonly string[]) => boolean,
): Located {
  const { records, snapshot } = context;
  if (records.isEmpty) return beside;
  const own = overlay(context, labels, beside);
  const isOpen = beside.kind === 'absent' || beside.kind === 'foreign' || beside.isDefault === true;
  if (own !== beside || !isOpen) return own;
  if (records.has(labels)) {
    if (beside.kind !== 'absent') return beside;
    return { ...beside, kind: 'empty', rule: 'it has no records, but static records exist below it' };
  }
  // While the catalog is loading, the name may turn out to exist, which would block the wildcard.
  if (beside.kind === 'absent' && !beside.certain && !snapshot.loaded) return beside;
  const name = wildcardFor(records, labels, (above) => exists(context, above));
  return name ? staticName(context, labels, name, beside) : beside;
}

/** If a name exists, so do the names above it. The name just below the closest encloser therefore decides. */
function wildcardFor(
  records: LabelTree<StaticName>,
  labels: readonly string[],
  exists: (labels: readonly string[]) => boolean,
): StaticName | undefined {
  const wildcard = records.deepestChild(labels, '*');
  if (!wildcard) return undefined;
  const next = labels.slice(labels.length - wildcard.above - 1);
  const blocked = next.length < labels.length && (records.has(next) || exists(next));
  return blocked ? undefined : wildcard.value;
}

function staticName(
  context: LocateContext,
  labels: readonly string[],
  name: StaticName,
  beside: Located,
): Located {
  const rule = `static record ${name.owner}`;
  note(context, labels.join('.'), true, rule);
  // Outside our zones the name forms its own zone, of which only the name itself is ours.
  const zone = beside.kind === 'foreign' ? labels : beside.zone;
  const certain = beside.kind === 'foreign' || beside.certain === true;
  return { kind: 'static', name, beside, rule, ...(zone && { zone }), ...(certain && { certain }) };
}
