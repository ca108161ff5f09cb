import { readBoolean } from '../../labels/label-values.js';
import { isOwnLabel, labelRow, unknownLabelMessage } from '../../labels/unknown-labels.js';
import { quoted } from '../../text/printable.js';

type Labels = Readonly<Record<string, string>>;

/** What the labels belong to. */
export type LabelOwner = 'service' | 'task';

/** A label of Fairlead's that does nothing in a services file, or not what it says. */
export interface LabelNote {
  readonly label: string;
  /** Stable codes, those of all sources. */
  readonly code: 'label-unknown' | 'label-invalid';
  /** What is wrong and what to do: one line that begins with the label. */
  readonly message: string;
}

const drainLabel = 'fairlead.drain';
const sealLabel = 'fairlead.sealed';

/** What is wrong with labels that begin with `fairlead.`. */
export function labelNotes(labels: Labels, owner: LabelOwner): LabelNote[] {
  return Object.entries(labels).flatMap(([label, text]): LabelNote[] => {
    if (!isOwnLabel(label)) return [];
    if (label === drainLabel || (label === sealLabel && owner === 'service')) {
      const { fault } = readBoolean(text, false);
      if (fault === undefined) return [];
      const message = `label ${label}=${quoted(text)} ${fault}; this is ignored; correct it or remove the label`;
      return [{ label, code: 'label-invalid', message }];
    }
    const row = labelRow(label);
    const message =
      row === undefined
        ? unknownLabelMessage(label, 'docs/sources-file.md')
        : `label ${label} counts on containers and does nothing on a ${owner} of this file; ${row.inFile}`;
    return [{ label, code: 'label-unknown', message }];
  });
}

/** Whether the labels of a service seal it. */
export function isSealed(labels: Labels = {}): boolean {
  return readBoolean(labels[sealLabel] ?? '', false).value;
}

/** Whether a task takes no new traffic. What it says itself counts before what its service says. */
export function isDrained(task: Labels = {}, service: Labels = {}): boolean {
  const says = (text = '') => {
    const { value, fault } = readBoolean(text, false);
    return fault === undefined ? value : undefined;
  };
  return says(task[drainLabel]) ?? says(service[drainLabel]) ?? false;
}
