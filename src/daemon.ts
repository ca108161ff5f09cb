export { runDaemon, type RunOptions } from './daemon/run.js';
