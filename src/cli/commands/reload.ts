import type { ReloadJson } from '../../api/types/resources.js';
import type { StatusJson } from '../../api/types/status-json.js';
import type { Context } from '../context.js';
import { CliError, EXIT } from '../exit-codes.js';
import { plain } from '../format/text.js';
import { printChange } from '../print-list.js';

/** Milliseconds between two requests for the outcome, and until it must be known. */
const LOOK_MS = 100;
const PATIENCE_MS = 60_000;

export async function run(context: Context): Promise<number> {
  const before = (await context.get<StatusJson>('/v1/status')).config.reload?.at;
  await context.send<ReloadJson>('POST', '/v1/reload', { body: {} });
  const config = await outcome(context, before);
  const { reload, hash, needsRestart = [] } = config;
  if (reload?.ok === false) {
    const why = reload.error ?? 'the reason is not known';
    throw new CliError(
      EXIT.config,
      `the configuration was not reloaded; the old one stays in effect: ${plain(why)}`,
    );
  }
  await printChange(context, config, () => `reloaded, hash ${plain(hash)}\n`);
  if (needsRestart.length > 0) {
    context.notice(
      `${context.paint('warn', '!')} these keys take effect after a restart: ${needsRestart.join(', ')}`,
    );
  }
  return EXIT.ok;
}

/** Waits for the next outcome. The API may be away for a moment, because a reload can move it. */
async function outcome(context: Context, before: string | undefined): Promise<StatusJson['config']> {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  for (;;) {
    try {
      const { config } = await context.get<StatusJson>('/v1/status');
      if (config.reload !== undefined && config.reload.at !== before) return config;
    } catch (error) {
      if (!(error instanceof CliError) || error.exitCode !== EXIT.unavailable || signal.aborted) throw error;
    }
    if (signal.aborted) {
      const detail = `the daemon accepted the request, but had not reloaded after ${PATIENCE_MS / 1000} s; its log says why`;
      throw new CliError(EXIT.unavailable, detail);
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
