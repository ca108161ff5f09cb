import type { View } from '../../catalog/view.js';
import { latin1 } from '../../wire/bytes.js';
import type { DnsName } from '../../wire/name.js';

/** The query of an entry, with enough data to make it again. */
export interface KnownQuestion {
  /** Lower case. */
  readonly name: DnsName;
  readonly type: number;
  /** `WISH` bits. */
  readonly wishes: number;
  /** The scope of the entry. */
  readonly scope: number;
  /** The client that asked last, as an example for the scope. */
  readonly address: string;
  /** When the zone is to hear of the question again, in seconds of the compiler's clock; absent: it need not. */
  readonly until?: number;
}

/** Outdated entries. */
export interface Outdated {
  /** Addresses. */
  readonly clients: readonly string[];
  readonly questions: readonly KnownQuestion[];
}

interface Dependent {
  readonly slots: readonly number[];
}

/** The most questions and clients that are remembered; others are compiled on request. */
const MAX_KNOWN = 20_000;

/** The most entries renewed at once. Others are made when a client asks for them. */
const MAX_RENEWED = 5000;

/** Records which entries depend on what, so that they can be made again after a change, before a client asks. */
export class KnownQueries {
  readonly #clients = new Dependents<{ readonly view: View }>();
  readonly #questions = new Dependents<KnownQuestion>();

  /** @param slots the slots that the entry depends on */
  noteClient(address: string, view: View, slots: Iterable<number>): void {
    this.#clients.note(address, { view }, slots);
  }

  /** @param slots the slots that the entry depends on */
  noteQuestion(question: KnownQuestion, slots: Iterable<number>): void {
    const { name, type, wishes, scope } = question;
    this.#questions.note(`${scope} ${type} ${wishes} ${latin1(name)}`, question, slots);
  }

  /** The view of a client, unless it was taken as outdated. */
  viewOf(address: string): View | undefined {
    return this.#clients.get(address)?.view;
  }

  /** Removes and returns entries that depend on one of the slots; returns none if there are too many. */
  take(changed: ReadonlySet<number> | 'all'): Outdated {
    const clients = this.#clients.take(changed);
    const questions = this.#questions.take(changed);
    if (clients.size + questions.size > MAX_RENEWED) return { clients: [], questions: [] };
    return { clients: [...clients.keys()], questions: [...questions.values()] };
  }
}

/** Items by key, and by the slots that they depend on. */
class Dependents<T> {
  readonly #things = new Map<string, T & Dependent>();
  readonly #slots = new Map<number, Set<string>>();

  note(key: string, thing: T, slots: Iterable<number>): void {
    if (this.#things.size >= MAX_KNOWN) this.#clear();
    this.#forget(key);
    const all = [...slots];
    this.#things.set(key, { ...thing, slots: all });
    for (const slot of all) {
      const keys = this.#slots.get(slot);
      if (keys) keys.add(key);
      else this.#slots.set(slot, new Set([key]));
    }
  }

  get(key: string): T | undefined {
    return this.#things.get(key);
  }

  take(changed: ReadonlySet<number> | 'all'): Map<string, T> {
    const taken = new Map<string, T>();
    if (changed === 'all') {
      for (const [key, thing] of this.#things) taken.set(key, thing);
      this.#clear();
      return taken;
    }
    for (const slot of changed) {
      for (const key of this.#slots.get(slot) ?? []) {
        const thing = this.#forget(key);
        if (thing) taken.set(key, thing);
      }
    }
    return taken;
  }

  #forget(key: string): T | undefined {
    const thing = this.#things.get(key);
    if (!thing) return undefined;
    this.#things.delete(key);
    for (const slot of thing.slots) {
      const keys = this.#slots.get(slot);
      keys?.delete(key);
      if (keys?.size === 0) this.#slots.delete(slot);
    }
    return thing;
  }

  #clear(): void {
    this.#things.clear();
    this.#slots.clear();
  }
}
