const YES: readonly string[] = ['true', '1', 'yes', 'on'];
const NO: readonly string[] = ['false', '0', 'no', 'off'];

/** A switch as people write it in labels, in any case and without space around it; undefined when it is none. */
export function parseBoolean(text: string): boolean | undefined {
  const word = text.toLowerCase();
  if (YES.includes(word)) return true;
  return NO.includes(word) ? false : undefined;
}
