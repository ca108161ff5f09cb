export { createFileSource, type FileSourceOptions } from './source.js';
