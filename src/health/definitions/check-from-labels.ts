import { nearest } from '../../text/nearest.js';
import { buildCheck, fields, type Definition, type Field, type Note, type Written } from './build.js';
import { HEALTH_PREFIX } from '../../labels/label-table.js';

/**
 * The check that `fairlead.health.*` labels define.
 * @param port the lowest TCP port of the task, the default for the check
 * @returns undefined if there is no such label
 */
export function checkFromLabels(
  labels: Readonly<Record<string, string>>,
  port: number | undefined,
): Definition | undefined {
  const written = new Map<Field, Written>();
  const strange: Note[] = [];
  for (const [key, text] of Object.entries(labels)) {
    if (!key.startsWith(HEALTH_PREFIX)) continue;
    const name = key.slice(HEALTH_PREFIX.length);
    const field = fields.find((each) => each === name);
    if (field !== undefined) {
      written.set(field, { text, key });
      continue;
    }
    const meant = nearest(name, fields);
    const advice = meant === undefined ? 'see docs/health.md' : `did you mean ${HEALTH_PREFIX}${meant}?`;
    strange.push({ key, message: `is not a label of Fairlead; ${advice}`, fatal: false });
  }
  if (written.size === 0) return strange.length === 0 ? undefined : { notes: strange };
  const definition = buildCheck(written, { from: 'labels fairlead.health.*', port });
  return { ...definition, notes: [...strange, ...definition.notes] };
}
