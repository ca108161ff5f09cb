import type { DrainJson, DrainListJson } from '../../api/types/resources.js';
import type { StatusJson } from '../../api/types/status-json.js';
import type { Context } from '../context.js';
import { EXIT } from '../exit-codes.js';
import { findTarget, severalTargets, targetRoute, targetText, type Target } from '../find-target.js';
import { plain } from '../format/text.js';
import { printChange } from '../print-list.js';
import { parseServiceName } from '../service-name.js';

export async function run(context: Context): Promise<number> {
  const text = context.argument(0) ?? '';
  const target = await drained(context, text);
  const { path, query } = targetRoute(target, 'drain');
  const drain = await context.send<DrainJson>('DELETE', path, { query });
  await printChange(context, drain, () => `${plain(targetText(target))} is no longer drained\n`);
  return EXIT.ok;
}

/**
 * Searches the drained services and tasks first, because no source may know some of them any longer. @throws CliError
 */
async function drained(context: Context, text: string): Promise<Target> {
  const { domain } = await context.get<StatusJson>('/v1/status');
  const { drains } = await context.get<DrainListJson>('/v1/drains');
  const targets = drains.flatMap(targetOf);
  const lower = text.toLowerCase().replace(/^\//, '');
  const named = targets.filter((target) =>
    'task' in target
      ? target.task === text || target.name.toLowerCase() === lower
      : isNamed(target.service, text, domain),
  );
  const begun = targets.filter((target) => 'task' in target && lower !== '' && target.task.startsWith(lower));
  const found = named.length > 0 ? named : begun;
  const [target, ...others] = found;
  if (others.length > 0) throw severalTargets(text, found);
  // For a target that is not drained, the daemon's answer says why.
  return target ?? findTarget(context, text);
}

function targetOf({ task, service, name }: DrainJson): Target[] {
  if (task !== undefined) return [{ task, name }];
  return service === undefined ? [] : [{ service, name }];
}

function isNamed(service: NonNullable<DrainJson['service']>, text: string, domain: string): boolean {
  const name = parseServiceName(text, domain);
  return (
    name !== undefined &&
    name.service === service.service &&
    (name.stack === undefined || name.stack === service.stack) &&
    name.sidekick === service.sidekick
  );
}
