import { nearest } from '../text/nearest.js';
import { printable } from '../text/printable.js';
import { HEALTH_PREFIX, OWN_PREFIX, ownLabels, type LabelRow, type OwnLabel } from './label-table.js';

const known = Object.keys(ownLabels);

/** Whether this module judges a label. Health checks judge their own (`fairlead.health.*`). */
export function isOwnLabel(label: string): boolean {
  return label.startsWith(OWN_PREFIX) && !label.startsWith(HEALTH_PREFIX);
}

/** The row of a label in the table; undefined if Fairlead does not have the label. */
export function labelRow(label: string): LabelRow | undefined {
  return Object.hasOwn(ownLabels, label) ? ownLabels[label as OwnLabel] : undefined;
}

/**
 * The message about a label that looks like one of Fairlead's but is not. Otherwise a setting with a typo would
 * silently have no effect.
 * @param page the page that lists the valid labels
 */
export function unknownLabelMessage(label: string, page = 'docs/labels.md'): string {
  const meant = nearest(label, known) ?? nearestHealth(label);
  const hint = meant === undefined ? `see ${page}` : `did you mean ${printable(meant)}?`;
  return `label ${printable(label)} is unknown to Fairlead; ${hint}`;
}

/** `fairlead.helth.port`: the typo is in front of a key that only health checks have. */
function nearestHealth(label: string): string | undefined {
  const [, family = '', ...rest] = label.split('.');
  return rest.length > 0 && nearest(family, ['health']) !== undefined
    ? `${HEALTH_PREFIX}${rest.join('.')}`
    : undefined;
}
