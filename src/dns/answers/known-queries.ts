import type { View } from '../../catalog/view.js';
import { latin1 } from '../../wire/bytes.js';
import type { DnsName } from '../../wire/name.js';

/** What an entry was made for, and enough to make it again. */
export interface KnownQuestion {
  /** Lower case. */
  readonly name: DnsName;
  readonly type: number;
  /** `WISH` bits. */
  readonly wishes: number;
  /** Whom the entry is for. */
  readonly scope: number;
  /** Of the client that asked it last, for all that the answer is for. */
  readonly address: string;
}

/** What is out of date. */
export interface Outdated {
  /** Addresses. */
  readonly clients: readonly string[];
  readonly questions: readonly KnownQuestion[];
}

interface Dependent {
  readonly slots: readonly number[];
}

/** As many questions, and clients, are remembered; the rest is asked for again. */
const MAX_KNOWN = 20_000;

/** More are not renewed together: a client that asks for one of them has it made. */
const MAX_RENEWED = 5000;

/** Which entries were made from what, so that they can be made again when that changes, before anybody asks. */
export class KnownQueries {
  readonly #clients = new Dependents<{ readonly view: View }>();
  readonly #questions = new Dependents<KnownQuestion>();

  /** @param slots of what the entry was made from */
  noteClient(address: string, view: View, slots: Iterable<number>): void {
    this.#clients.note(address, { view }, slots);
  }

  /** @param slots of what the entry was made from */
  noteQuestion(question: KnownQuestion, slots: Iterable<number>): void {
    const { name, type, wishes, scope } = question;
    this.#questions.note(`${scope} ${type} ${wishes} ${latin1(name)}`, question, slots);
  }

  /** The view of a client, as long as it has not been taken as outdated. */
  viewOf(address: string): View | undefined {
    return this.#clients.get(address)?.view;
  }

  /** Forgets and returns what depends on one of the slots; nothing when it is too much. */
  take(changed: ReadonlySet<number> | 'all'): Outdated {
    const clients = this.#clients.take(changed);
    const questions = this.#questions.take(changed);
    if (clients.size + questions.size > MAX_RENEWED) return { clients: [], questions: [] };
    return { clients: [...clients.keys()], questions: [...questions.values()] };
  }
}

/** Things by key, and by the slots that they depend on. */
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
