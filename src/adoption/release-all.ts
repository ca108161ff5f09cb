import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { errorMessage } from '../net/error-message.js';
import { originalOf } from './resolv-conf.js';
import { readResolvFile, writeResolvFile } from './resolv-file.js';

/**
 * Hands every container of an engine back to Docker without a daemon. The files themselves contain what Docker had
 * written.
 * @param root the engine's data directory (`DockerRootDir`)
 * @returns how many containers were handed back, and one line for each failure
 * @throws the system's error when the containers' folder cannot be read
 */
export function releaseAll(root: string): { readonly released: number; readonly faults: readonly string[] } {
  const folder = join(root, 'containers');
  const faults: string[] = [];
  let released = 0;
  for (const id of readdirSync(folder)) {
    const path = join(folder, id, 'resolv.conf');
    try {
      const text = readResolvFile(path) ?? '';
      const original = originalOf(text);
      if (original === undefined) continue;
      writeResolvFile(path, original, text);
      released++;
    } catch (error) {
      faults.push(`${path}: ${errorMessage(error)}`);
    }
  }
  return { released, faults };
}
