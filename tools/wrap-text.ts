/**
 * Lines of 120 columns at most; a longer word keeps a line to itself.
 * @param hang in front of all lines but the first
 */
export function wrapText(text: string, hang = ''): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && longer.length > 120) {
      lines.push(line);
      line = hang + word;
    } else {
      line = longer;
    }
  }
  return [...lines, line].join('\n');
}
