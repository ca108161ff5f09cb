import type { AdoptionListJson } from '../../api/types/adoption.js';
import { releaseAll } from '../../adoption/release-all.js';
import { errorMessage } from '../../net/error-message.js';
import type { Context } from '../context.js';
import { CliError, EXIT } from '../exit-codes.js';
import { plain } from '../format/text.js';
import { count } from '../format/words.js';
import { printChange } from '../print-list.js';

export async function run(context: Context): Promise<number> {
  const stack = context.argument(0);
  const body = { choice: 'release', ...(stack !== undefined && { stack }) };
  let told: AdoptionListJson;
  try {
    told = await context.send<AdoptionListJson>('PUT', '/v1/adoption', { body });
  } catch (error) {
    if (!(error instanceof CliError) || error.exitCode !== EXIT.unavailable || stack !== undefined)
      throw error;
    return withoutDaemon(context, error);
  }
  const kept = told.containers.filter(({ adopted }) => adopted);
  await printChange(context, told, () => {
    const back = told.containers.length - kept.length;
    const lines = kept.map(({ name, why }) => `  ${plain(name)}: ${plain(why)}\n`);
    const rest = kept.length === 0 ? '' : `; ${kept.length} still ask Fairlead:\n${lines.join('')}`;
    return `${count(back, 'container')} of ${plain(stack ?? 'all stacks')} ask Docker${rest || '\n'}`;
  });
  return EXIT.ok;
}

/** Containers need names even when the daemon is gone. */
async function withoutDaemon(context: Context, unavailable: CliError): Promise<number> {
  const root = context.text('root') ?? '/var/lib/docker';
  let done: ReturnType<typeof releaseAll>;
  try {
    done = releaseAll(root);
  } catch (error) {
    const message = `${unavailable.message}; and the containers below ${root} cannot be handed back without it (${errorMessage(error)})`;
    throw new CliError(EXIT.unavailable, message, { cause: error });
  }
  const { released, faults } = done;
  for (const fault of faults) context.notice(fault);
  await printChange(context, done, () => {
    const again = 'the daemon will adopt them again at its next start, unless sources.docker.adopt is off';
    return `the daemon does not run; ${count(released, 'container')} below ${plain(root)} ask Docker again; ${again}\n`;
  });
  return faults.length === 0 ? EXIT.ok : EXIT.permission;
}
