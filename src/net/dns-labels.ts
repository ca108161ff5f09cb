/** Why Fairlead cannot serve a text as a DNS label, worded for a warning. */
export type LabelFault =
  | 'is empty'
  | 'is longer than 63 bytes'
  | 'has a character other than a-z, 0-9, "-" and "_"'
  | 'begins or ends with "-"'
  | 'begins with "_", which is kept for SRV names';

/**
 * Checks one label of a name that Fairlead serves. Letters, digits and hyphens are allowed (RFC 1123 section 2.1), and
 * underscores inside, which Rancher and compose names contain. Case does not matter; the caller lower-cases.
 * @returns undefined when the label is valid
 */
export function labelFault(label: string): LabelFault | undefined {
  if (label.length === 0) return 'is empty';
  if (label.length > 63) return 'is longer than 63 bytes';
  if (!/^[a-z0-9_-]+$/i.test(label)) return 'has a character other than a-z, 0-9, "-" and "_"';
  if (label.startsWith('-') || label.endsWith('-')) return 'begins or ends with "-"';
  if (label.startsWith('_')) return 'begins with "_", which is kept for SRV names';
  return undefined;
}

/**
 * Checks a dotted name: every label by {@link labelFault}, and 253 bytes at most.
 * @returns the first fault and its label; undefined when the name is valid
 */
export function nameFault(name: string): string | undefined {
  if (name.length > 253) return 'is longer than 253 bytes';
  for (const label of name.split('.')) {
    const fault = labelFault(label);
    if (fault !== undefined) return name.includes('.') ? `has a label "${label}" that ${fault}` : fault;
  }
  return undefined;
}
