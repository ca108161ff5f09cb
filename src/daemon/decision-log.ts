import type { CatalogReader } from '../catalog/catalog.js';
import type { ChangeSet } from '../catalog/change.js';
import { serviceName, type Service, type Task } from '../catalog/model.js';
import { selectForService, selectTasks } from '../catalog/selection.js';
import type { Snapshot } from '../catalog/snapshot.js';
import type { Config } from '../config/config-model.js';
import type { Log } from '../net/log.js';

/** A change of more services than this (a first sync) is one line. */
const TOLD_SINGLY = 100;
/** Tasks that one line names. */
const NAMED = 10;

/**
 * With `log.level: debug` it writes what the daemon decides: what its sources say, which tasks each service's name
 * gives, why not the others, and which virtual IP it has. With any other level it follows nothing and costs nothing.
 */
export class DecisionLog {
  readonly #catalog: Pick<CatalogReader, 'onChange' | 'onEvent'>;
  readonly #log: Log;
  #unfollow: (() => void) | undefined;
  /** What the log last said of each service. */
  readonly #told = new Map<string, string>();

  constructor(catalog: Pick<CatalogReader, 'onChange' | 'onEvent'>, log: Log) {
    this.#catalog = catalog;
    this.#log = log;
  }

  /** To be called with the configuration at start, before the first source speaks, and at each reload. */
  use({ level }: Config['log']): void {
    if (level !== 'debug') {
      this.stop();
      return;
    }
    if (this.#unfollow) return;
    const ends = [
      this.#catalog.onEvent(({ type, subject, message, source, cause }) =>
        this.#log.debug(`${type} ${subject}: ${message}`, { source, ...(cause !== undefined && { cause }) }),
      ),
      this.#catalog.onChange((change, snapshot) => this.#follow(change, snapshot)),
    ];
    this.#unfollow = () => ends.forEach((end) => end());
  }

  stop(): void {
    this.#unfollow?.();
    this.#unfollow = undefined;
    this.#told.clear();
  }

  #follow({ services: { added, changed, removed } }: ChangeSet, snapshot: Snapshot): void {
    for (const key of removed) this.#told.delete(key);
    const keys = [...added, ...changed];
    if (keys.length > TOLD_SINGLY) {
      this.#log.debug(`${keys.length} services have changed; "fairlead services" lists them`);
      return;
    }
    for (const key of keys) {
      const service = snapshot.serviceByKey(key);
      const text = service?.kind === 'tasks' ? decisionOn(service) : undefined;
      if (text === undefined || this.#told.get(key) === text) continue;
      this.#told.set(key, text);
      this.#log.debug(text);
    }
  }
}

/** `web.shop gives shop-web-1, not shop-web-2: unhealthy (probe ...); its virtual IP is 10.43.1.2`. */
function decisionOn(service: Service): string {
  const { tasks, panic } = selectTasks(service);
  const given = new Set(tasks);
  const left = service.tasks.filter((task) => !given.has(task));
  const parts = [
    `${serviceName(service)} gives ${listed(tasks.map(({ name }) => name)) || 'no task'}`,
    ...(left.length === 0 ? [] : [`not ${listed(left.map(whyNot), '; ')}`]),
  ];
  const panicking = panic ? '; too many are unhealthy at once, so all that run are given' : '';
  const vip = service.vip === undefined ? 'it has no virtual IP' : `its virtual IP is ${service.vip}`;
  return `${parts.join(', ')}${panicking}; ${vip}`;
}

function whyNot(task: Task): string {
  const selection = selectForService(task);
  return selection.in ? task.name : `${task.name}: ${selection.why}`;
}

function listed(items: readonly string[], separator = ', '): string {
  const more = items.length > NAMED ? [`${items.length - NAMED} more`] : [];
  return [...items.slice(0, NAMED), ...more].join(separator);
}
