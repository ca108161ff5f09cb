import type { ServiceJson } from '../api/types/resources.js';
import { versionsText } from '../net/image-names.js';
import type { Context } from './context.js';
import type { Column } from './format/text-table.js';
import { padEnd, plain } from './format/text.js';
import { count } from './format/words.js';
import { watch, type WatchOptions } from './screen-watch.js';

interface ServiceList {
  readonly now: string;
  readonly services: readonly ServiceJson[];
}

export interface ServiceWatchOptions extends WatchOptions<ServiceList> {
  readonly columns: () => readonly Column<ServiceJson>[];
}

/** Shows services until it is interrupted: the whole list on a terminal, else a line for each change of state. */
export async function watchServices(
  context: Context,
  { columns, ...options }: ServiceWatchOptions,
): Promise<never> {
  const format = context.text('output') ?? 'table';
  return watch(context, options, {
    begins: ({ services }) => `watching ${count(services.length, 'service')}`,
    summary: ({ services }) => {
      const well = services.filter(isWell).length;
      if (services.length === 0) return 'no services';
      return `${count(services.length, 'service')}, ${services.length - well} with unhealthy tasks or none`;
    },
    rows: ({ services }) => services,
    columns,
    troubledFirst: (all) => [...all.filter((each) => !isWell(each)), ...all.filter(isWell)],
    cutDown: '--stack shortens the list',
    changes: (before, after) => changes(before, after).map((change) => changeText(context, change, format)),
  });
}

/** Whether at least one task runs and all that run are healthy. */
function isWell({ kind, health, taskCount }: ServiceJson): boolean {
  const running = taskCount - (health.stopped ?? 0);
  return kind !== 'tasks' || (running > 0 && health.healthy === running);
}

/** The part of a service that is watched. */
interface ServiceState {
  readonly health: ServiceJson['health'];
  readonly panic: boolean;
  readonly vip?: string;
  /** `2 × 1.8, 1 × 1.9`, while it is upgraded. */
  readonly upgrade?: string;
}

/** One line of `-o json`. */
interface ServiceChange {
  /** When the state changed. */
  readonly at: string;
  readonly key: string;
  /** `web.shop`. */
  readonly name: string;
  /** Absent if it did not exist. */
  readonly before?: ServiceState;
  /** Absent if it is gone. */
  readonly after?: ServiceState;
}

function stateOf({ health, panic, vip, versions }: ServiceJson): ServiceState {
  return {
    health,
    panic,
    ...(vip !== undefined && { vip }),
    ...(versions.length > 1 && { upgrade: versionsText(versions) }),
  };
}

function changes(before: ServiceList, { now, services }: ServiceList): ServiceChange[] {
  const gone = new Map(before.services.map((service) => [service.key, service]));
  const found: ServiceChange[] = [];
  for (const service of services) {
    const { key, name } = service;
    const was = gone.get(key);
    gone.delete(key);
    const [old, state] = [was && stateOf(was), stateOf(service)];
    if (old && stateText(old) === stateText(state)) continue;
    found.push({ at: now, key, name, ...(old && { before: old }), after: state });
  }
  for (const [key, service] of gone) {
    found.push({ at: now, key, name: service.name, before: stateOf(service) });
  }
  return found;
}

/** Best first. */
const ORDER = ['healthy', 'initializing', 'reinitializing', 'unhealthy', 'draining', 'stopped'] as const;

/** `2 healthy, 1 unhealthy, panic`. */
function stateText({ health, panic, vip, upgrade }: ServiceState): string {
  const words = ORDER.flatMap((state) => (health[state] ? [`${health[state]} ${state}`] : []));
  return [
    words.length === 0 ? 'no tasks' : words.join(', '),
    ...(panic ? ['panic'] : []),
    vip ?? '',
    ...(upgrade === undefined ? [] : [`upgrading (${upgrade})`]),
  ]
    .filter(Boolean)
    .join(', ');
}

function changeText({ paint }: Context, change: ServiceChange, format: string): string {
  if (format === 'json' || format === 'ndjson') return JSON.stringify(change);
  const { at, name, before, after } = change;
  if (format === 'name') return plain(name);
  return [
    paint('dim', plain(at)),
    padEnd(plain(name), 24),
    plain(`${before ? stateText(before) : 'absent'} -> ${after ? stateText(after) : 'gone'}`),
  ].join('  ');
}
