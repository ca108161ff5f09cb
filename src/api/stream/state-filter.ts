import type { ServiceJson, TaskJson } from '../types/resources.js';
import type { StateOptionsJson } from '../types/stream.js';
import type { KeyedChangesJson, WatchMessage } from '../types/watch.js';

type Place = Pick<StateOptionsJson, 'environment' | 'stack' | 'service'>;

/** Whether a subscription wants less than everything. */
export function isFiltered({ environment, stack, service }: Place): boolean {
  return environment !== undefined || stack !== undefined || service !== undefined;
}

/**
 * Cuts the messages of the state down to the services and tasks that one client wants. What no longer fits is removed
 * from the client's state, and what it never had is not mentioned.
 */
export class StateFilter {
  readonly #place: Place;
  readonly #services: Known;
  readonly #tasks: Known;

  /** @param resumes whether the client has a state already, of which nothing is known here */
  constructor(place: Place, resumes: boolean) {
    this.#place = place;
    this.#services = new Known(resumes);
    this.#tasks = new Known(resumes);
  }

  /** @param message one of the state, as text */
  apply(text: string): string {
    // The feed makes these texts for all clients; few clients filter.
    const message = JSON.parse(text) as WatchMessage;
    if (message.type === 'snapshot') {
      if (message.part === 1) for (const known of [this.#services, this.#tasks]) known.clear();
      return JSON.stringify({
        ...message,
        services: this.#services.keep(message.services, ({ key }) => key, this.#fitsService),
        tasks: this.#tasks.keep(message.tasks, ({ id }) => id, this.#fitsTask),
      });
    }
    if (message.type !== 'change') return text;
    const { services, tasks, ...rest } = message;
    return JSON.stringify({
      ...rest,
      ...entry(
        'services',
        this.#services.change(services, ({ key }) => key, this.#fitsService),
      ),
      ...entry(
        'tasks',
        this.#tasks.change(tasks, ({ id }) => id, this.#fitsTask),
      ),
    });
  }

  readonly #fitsService = ({ environment, stack, service }: ServiceJson): boolean =>
    this.#fits({ environment, stack, service });

  readonly #fitsTask = ({ environment, stack, service }: TaskJson): boolean =>
    this.#fits({ environment, stack: service?.stack ?? stack, service: service?.service });

  #fits(own: Readonly<Record<keyof Place, string | undefined>>): boolean {
    const { environment = own.environment, stack = own.stack, service = own.service } = this.#place;
    return environment === own.environment && stack === own.stack && service === own.service;
  }
}

/** The keys that the client has. */
class Known {
  readonly #keys = new Set<string>();
  /** Whether it may have others. */
  #isUnsure: boolean;

  constructor(isUnsure: boolean) {
    this.#isUnsure = isUnsure;
  }

  clear(): void {
    this.#keys.clear();
    this.#isUnsure = false;
  }

  keep<Item>(
    items: readonly Item[],
    keyOf: (item: Item) => string,
    fits: (item: Item) => boolean,
  ): readonly Item[] {
    const kept = items.filter(fits);
    for (const item of kept) this.#keys.add(keyOf(item));
    return kept;
  }

  change<Item>(
    { set = [], removed = [] }: KeyedChangesJson<Item> = {},
    keyOf: (item: Item) => string,
    fits: (item: Item) => boolean,
  ): KeyedChangesJson<Item> | undefined {
    const gone = [...removed, ...set.filter((item) => !fits(item)).map(keyOf)].filter(
      (key) => this.#keys.delete(key) || this.#isUnsure,
    );
    const kept = this.keep(set, keyOf, fits);
    if (kept.length + gone.length === 0) return undefined;
    return { ...(kept.length > 0 && { set: kept }), ...(gone.length > 0 && { removed: gone }) };
  }
}

function entry(key: string, value: unknown): Readonly<Record<string, unknown>> {
  return value === undefined ? {} : { [key]: value };
}
