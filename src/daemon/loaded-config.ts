import type { ConfiguredChecks } from '../config/configured-checks.js';
import type { Config } from '../config/config-model.js';

/** A configuration that is active or about to be, and its origin. */
export interface LoadedConfig {
  readonly config: Config;
  readonly path?: string;
  readonly hash: string;
  /** The origin of each key's value: a place in a file, a variable, a flag, or `default`. */
  readonly origins: ReadonlyMap<string, string>;
  /** The checks that it defines. */
  readonly checks: ConfiguredChecks;
  /** Makes one line for a mistake in it, with its place. */
  readonly errorAt: (path: readonly (string | number)[], message: string) => string;
}
