export type { Config } from './model.js';
export { formatConfigError } from './errors.js';
export { loadConfig, parseConfigText, type LoadOptions, type LoadResult } from './load.js';
export { configDocument } from './document.js';
export { jsonSchema } from './schema.js';
