/** Why a text cannot be a DNS label of ours, in words that go into a warning. */
export type LabelFault =
  | 'is empty'
  | 'is longer than 63 octets'
  | 'has a character other than a-z, 0-9, "-" and "_"'
  | 'begins or ends with "-"'
  | 'begins with "_", which is kept for SRV names';

/**
 * Checks one label of a name that Fairlead serves: letters, digits and hyphen (RFC 1123 section 2.1), plus the
 * underscore inside, which Rancher and compose names carry. Case does not matter; the caller lower-cases.
 * @returns undefined when the label is good
 */
export function labelFault(label: string): LabelFault | undefined {
  if (label.length === 0) return 'is empty';
  if (label.length > 63) return 'is longer than 63 octets';
  if (!/^[a-z0-9_-]+$/i.test(label)) return 'has a character other than a-z, 0-9, "-" and "_"';
  if (label.startsWith('-') || label.endsWith('-')) return 'begins or ends with "-"';
  if (label.startsWith('_')) return 'begins with "_", which is kept for SRV names';
  return undefined;
}

/**
 * Checks a dotted name: every label by {@link labelFault}, 253 bytes at most.
 * @returns the first fault, with the label that has it; undefined when the name is good
 */
export function nameFault(name: string): string | undefined {
  if (name.length > 253) return 'is longer than 253 octets';
  for (const label of name.split('.')) {
    const fault = labelFault(label);
    if (fault !== undefined) return name.includes('.') ? `has a label "${label}" that ${fault}` : fault;
  }
  return undefined;
}
