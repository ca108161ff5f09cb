import type { LabelTree } from './label-tree.js';
import { note, type Located, type LocateContext } from './located.js';
import type { StaticName } from './static-records.js';

/** Puts the static records of a name over whatever else it stands for: a set of theirs is the name's set of that type. */
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
    ? staticName(context, labels, name, beside ?? { kind: 'absent', rule: 'static records alone' })
    : beside;
}

/**
 * As {@link overlay}, with what records make of names that have none: empty non-terminals, and names that a wildcard
 * covers (RFC 4592). A wildcard gives way to every name that exists between it and the name asked for.
 * @param exists whether a name stands for something without the records
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
    return { ...beside, kind: 'empty', rule: 'static records exist below it, but none is it' };
  }
  // What is not denied while the catalog is loading may turn out to exist, which would keep the wildcard away.
  if (beside.kind === 'absent' && !beside.certain && !snapshot.loaded) return beside;
  const name = wildcardFor(records, labels, (above) => exists(context, above));
  return name ? staticName(context, labels, name, beside) : beside;
}

/** Existing names have existing names above them, so the one just below the closest encloser decides. */
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
  // Outside of our zones the name is a zone of its own, of which nothing but the name is ours.
  const zone = beside.kind === 'foreign' ? labels : beside.zone;
  const certain = beside.kind === 'foreign' || beside.certain === true;
  return { kind: 'static', name, beside, rule, ...(zone && { zone }), ...(certain && { certain }) };
}
