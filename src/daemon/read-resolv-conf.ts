import { readFileSync } from 'node:fs';

/** The file's text; empty when it cannot be read, which is what the C library takes it for. */
export function readResolvConf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
