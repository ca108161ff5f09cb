import { withoutSecrets } from './text-secrets.js';

/** Enough for any line that is kept; a program may say much more. */
const LOOKED_AT = 1000;

/**
 * What another program says, as one line for logs and the API: without control and format characters, and without what
 * looks like a secret, because programs print their command lines.
 * @param most characters that are kept
 */
export function foreignLine(text: string, most: number): string {
  const line = text
    .slice(0, LOOKED_AT)
    .replace(/[\p{C}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim();
  return withoutSecrets(line).slice(0, most);
}
