export type { Config } from './model.js';
export { formatConfigError, type ConfigError } from './errors.js';
export { loadConfig, parseConfigText, type LoadOptions, type LoadResult } from './load.js';
export { configDocument } from './document.js';
export { jsonSchema } from './schema.js';
