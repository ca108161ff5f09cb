import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Config } from '../config/config-model.js';
import type { Daemon } from './daemon.js';

/** The daemon's text for the user who started it: what it serves, and three commands to try. */
export function bannerLines(
  daemon: Daemon,
  { demoReason, config }: { readonly demoReason: string | undefined; readonly config: Config },
): string[] {
  const { dns, version } = daemon.status();
  const { snapshot } = daemon.catalog;
  const demo =
    demoReason === undefined
      ? []
      : [
          `No Docker here: ${demoReason}.`,
          'Running the built-in demo instead: two stacks of small HTTP servers on 127.0.0.0/8.',
          '',
        ];
  const sources = snapshot.sources.map(
    ({ name, state, detail, error }) =>
      `  ${name.padEnd(8)} ${state}  ${detail ?? ''}${error === undefined ? '' : ` (${error})`}`,
  );
  return [
    `fairlead ${version}, domain ${config.domain}`,
    ...demo,
    `DNS      ${dns.listen.join(', ')} (udp, tcp)`,
    `upstream ${dns.upstreams.join(', ') || 'none: names outside the domain are refused'}`,
    `API      ${daemon.apiAddresses().join(', ') || 'none'}`,
    `sources  ${snapshot.serviceCount} services, ${snapshot.taskCount} tasks`,
    ...sources,
    '',
    'Try in another terminal:',
    ...commandsToTry(daemon).map((command) => `  ${command}`),
  ];
}

/** Three commands that work when pasted, because their names exist now. */
function commandsToTry(daemon: Daemon): string[] {
  const entry = relative(process.cwd(), fileURLToPath(new URL('../main.js', import.meta.url)));
  const fairlead = process.argv[1]?.endsWith('main.js') ? `node ${entry}` : 'fairlead';
  const { snapshot } = daemon.catalog;
  const { domain } = daemon.identity();
  const [client] = snapshot.clients();
  const service = [...snapshot.services()].find(
    ({ kind, tasks }) => kind === 'tasks' && tasks.some((task) => task.health === 'healthy'),
  );
  const name = service ? `${service.service}.${service.stack}.${domain}` : `ns.${domain}`;
  const asked = client && service ? `${service.service} --as ${client.address}` : name;
  return [`${fairlead} services`, `${fairlead} query ${name}`, `${fairlead} explain ${asked}`];
}
