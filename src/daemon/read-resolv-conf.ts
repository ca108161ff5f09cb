import { readFileSync } from 'node:fs';

/** The file's text; empty if it cannot be read, as in the C library. */
export function readResolvConf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
