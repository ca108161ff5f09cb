import type { LookupKey, Watcher } from '../../catalog/lookup-keys.js';
import type { View } from '../../catalog/view.js';
import { slotOf, type Versions } from './versions.js';
import { MAX_DEPENDENCIES, type Standing } from './write-entry.js';

/** Records what an entry depends on while it is made. */
export class Watch implements Watcher {
  readonly #versions: Versions;
  readonly #changing: ReadonlySet<number> | 'all' | undefined;
  readonly #slots = new Map<number, number>();
  #isTooMuch = false;

  /** @param changing slots for which the next version is recorded */
  constructor(versions: Versions, changing: ReadonlySet<number> | 'all' | undefined) {
    this.#versions = versions;
    this.#changing = changing;
  }

  readonly look = (key: LookupKey): void => {
    const slot = slotOf(key);
    const isChanging = this.#changing !== undefined && this.#changing !== 'all' && this.#changing.has(slot);
    this.#slots.set(slot, (this.#versions.at(slot) + (isChanging ? 1 : 0)) | 0);
  };

  readonly scan = (): void => {
    this.#isTooMuch = true;
  };

  /** @returns undefined if there were too many */
  standing(): Standing | undefined {
    if (this.#isTooMuch || this.#slots.size > MAX_DEPENDENCIES) return undefined;
    const epoch = (this.#versions.epoch + (this.#changing === 'all' ? 1 : 0)) | 0;
    return { epoch, dependencies: this.#slots };
  }
}

/** Records which parts of a view were read: anything besides its networks, and anything unique to the view. */
export interface Looked {
  own: boolean;
  identity: boolean;
}

const SHARED: ReadonlySet<string | symbol> = new Set(['networks', 'networksKey', 'environment']);
const IDENTITY: ReadonlySet<string | symbol> = new Set(['task', 'address']);

export function watchedView(view: View, looked: Looked): View {
  const look = (property: string | symbol) => {
    if (!SHARED.has(property)) looked.own = true;
    if (IDENTITY.has(property)) looked.identity = true;
  };
  return new Proxy(view, {
    get(target, property, receiver): unknown {
      look(property);
      return Reflect.get(target, property, receiver);
    },
    has(target, property) {
      look(property);
      return Reflect.has(target, property);
    },
  });
}
