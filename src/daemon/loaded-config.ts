import type { ConfiguredChecks } from '../config/configured-checks.js';
import type { Config } from '../config/config-model.js';

/** A configuration that is active or about to be, and its origin. */
export interface LoadedConfig {
  readonly config: Config;
  readonly path?: string;
  readonly hash: string;
  /** Whether a file, a variable or a flag says something about a key. */
  readonly isSet: (path: readonly string[]) => boolean;
  /** The checks that it defines. */
  readonly checks: ConfiguredChecks;
  /** Makes one line for a mistake in it, with its place. */
  readonly errorAt: (path: readonly (string | number)[], message: string) => string;
}
