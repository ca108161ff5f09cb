import { labelsOf, nameFromLabels, type DnsName } from './name.js';

/**
 * The name in the presentation format of RFC 1035 section 5.1, without the final dot: `a\.b.c\009`; `.` for the root.
 * Only printable ASCII remains, so the text is safe in a log line or a terminal.
 */
export function nameToText(name: DnsName): string {
  const labels = labelsOf(name);
  return labels.length === 0 ? '.' : labels.map(labelToText).join('.');
}

function labelToText(label: string): string {
  return label.replace(/[^!-~]|[.\\"();@$]/g, (octet) =>
    /[!-~]/.test(octet) ? `\\${octet}` : `\\${String(octet.charCodeAt(0)).padStart(3, '0')}`,
  );
}

/**
 * Parses a name in presentation format, with or without the final dot.
 * @returns undefined if a label is empty or too long, an escape is invalid, or a character is above U+00FF
 */
export function nameFromText(text: string): DnsName | undefined {
  if (text === '.') return nameFromLabels([]);
  const labels: string[] = [];
  let label = '';
  for (let i = 0; i < text.length; i++) {
    const character = text.charAt(i);
    if (character === '.') {
      labels.push(label);
      label = '';
    } else if (character !== '\\') {
      label += character;
    } else {
      const digits = /^\d{3}/.exec(text.slice(i + 1, i + 4))?.[0];
      const next = text.charAt(i + 1);
      if (digits !== undefined ? Number(digits) > 0xff : next === '' || /\d/.test(next)) return undefined;
      label += digits === undefined ? next : String.fromCharCode(Number(digits));
      i += digits === undefined ? 1 : 3;
    }
  }
  if (label !== '') labels.push(label);
  return labels.length === 0 ? undefined : nameFromLabels(labels);
}
