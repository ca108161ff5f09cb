import type { LoadResult } from '../config/load.js';
import type { Context } from './context.js';

/** The configuration that `run` would use with the same options. */
export async function loadWithOptions(context: Context, file = context.text('config')): Promise<LoadResult> {
  const { loadConfig } = await import('../config/load.js');
  const { env, cwd } = context.io;
  return loadConfig({ env, cwd, set: context.texts('set'), ...(file === undefined ? {} : { path: file }) });
}
