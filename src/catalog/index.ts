export * from './model.js';
export type * from './facts.js';
export type * from './change.js';
export type { Snapshot } from './snapshot.js';
export { Catalog, type CatalogReader } from './catalog.js';
export { networkHolding, taskView, viewOf, type View } from './view.js';
export { reach } from './reach.js';
export { selectForName, selectForService, selectTasks } from './selection.js';
export { StateFile, type SavedFacts } from './state-file.js';
