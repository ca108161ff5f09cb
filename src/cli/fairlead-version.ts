import { readFileSync } from 'node:fs';

/** Fairlead's version, from package.json, which is two directories up both in `src` and in `dist`. */
export function fairleadVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const { version } = JSON.parse(text) as { version: string };
  return version;
}
