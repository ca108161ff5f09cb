import { readBoolean } from '../../labels/label-values.js';
import { isOwnLabel, labelRow, unknownLabelMessage } from '../../labels/unknown-labels.js';
import { quoted } from '../../text/printable.js';

type Labels = Readonly<Record<string, string>>;

/** What the labels belong to. */
export type LabelOwner = 'service' | 'task';

/** A Fairlead label that has no effect in a services file, or a wrong value. */
export interface LabelNote {
  readonly label: string;
  /** Stable codes, the same for all sources. */
  readonly code: 'label-unknown' | 'label-invalid';
  /** One line that begins with the label and says what is wrong and what to do. */
  readonly message: string;
}

const drainLabel = 'fairlead.drain';
const sealLabel = 'fairlead.sealed';

/** Finds mistakes in labels that begin with `fairlead.`. */
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
        : `label ${label} is for containers and has no effect on a ${owner} of this file; ${row.inFile}`;
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
