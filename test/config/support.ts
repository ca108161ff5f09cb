import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { formatConfigError } from '../../src/config/errors.js';
import type { Config } from '../../src/config/config-model.js';
import type { LoadResult } from '../../src/config/load.js';

/** The configuration of a result that must be good. */
export function configOf(result: LoadResult): Config {
  if (!result.ok) throw new Error(result.errors.map(formatConfigError).join('\n'));
  return result.config;
}

/** The mistakes of a result that must have some, as they are shown. */
export function mistakes(result: LoadResult): string[] {
  if (result.ok) throw new Error('was accepted');
  return result.errors.map(formatConfigError);
}

/** The origins of a result that must be good. */
export function originsOf(result: LoadResult): ReadonlyMap<string, string> {
  if (!result.ok) throw new Error(mistakes(result).join('\n'));
  return result.origins();
}

/** A directory with these files, gone after the test. */
export function directoryWith(files: Readonly<Record<string, string>>): string {
  const directory = mkdtempSync(join(tmpdir(), 'fairlead-config-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
  return directory;
}
