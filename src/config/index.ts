export type { Config } from './model.js';
export { formatConfigError } from './errors.js';
export type { ConfiguredChecks } from './health.js';
export { loadConfig, parseConfigText, readText, type LoadOptions, type LoadResult } from './load.js';
export { configDocument } from './document.js';
export { jsonSchema } from './schema.js';
