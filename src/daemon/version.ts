import { createRequire } from 'node:module';

const { version: packageVersion } = createRequire(import.meta.url)('../../package.json') as {
  readonly version: string;
};

/** Fairlead's own version, from package.json. */
export const version = packageVersion;
