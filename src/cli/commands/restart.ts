import type { RestartJson } from '../../api/types/resources.js';
import type { StatusJson } from '../../api/types/status-json.js';
import type { Context } from '../context.js';
import { CliError, EXIT } from '../exit-codes.js';
import { plain } from '../format/text.js';
import { printChange } from '../print-list.js';

/** Milliseconds between two looks at the outcome, and until it must be there. */
const LOOK_MS = 100;
const PATIENCE_MS = 120_000;

export async function run(context: Context): Promise<number> {
  const before = await context.get<StatusJson>('/v1/status');
  await context.send<RestartJson>('POST', '/v1/restart', { body: {} });
  const { pid, version } = await outcome(context, before);
  await printChange(context, { pid, version }, () => `restarted: pid ${pid}, version ${plain(version)}\n`);
  return EXIT.ok;
}

/** Waits for the successor. The API is away for a moment: it goes from one process to the other. */
async function outcome(context: Context, before: StatusJson): Promise<StatusJson> {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  for (;;) {
    try {
      const status = await context.get<StatusJson>('/v1/status');
      if (status.pid !== before.pid) return status;
      const { restart } = status;
      if (restart !== undefined && restart.at !== before.restart?.at)
        throw new CliError(
          EXIT.negative,
          `there was no restart, pid ${before.pid} goes on: ${plain(restart.error)}`,
        );
    } catch (error) {
      if (!(error instanceof CliError) || error.exitCode !== EXIT.unavailable || signal.aborted) throw error;
    }
    if (signal.aborted) {
      const detail = `the daemon took the request, but no successor serves after ${PATIENCE_MS / 1000} s; the log says why`;
      throw new CliError(EXIT.unavailable, detail);
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
