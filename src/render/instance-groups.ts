import { compareStrings } from '../template/byte-strings.js';
import type { GoList, GoStruct } from '../template/value.js';
import type { ServiceFacts } from './service-records.js';

/** One instance under one name. */
export interface Instance {
  name: string;
  facts: ServiceFacts;
  record: GoStruct;
}

/** All instances of one name; another object once any of them is another one. */
export interface Group {
  /** As they were given: while these are the same, so is all that follows. */
  given: readonly (readonly Instance[])[];
  /** Sorted by node and id. */
  instances: readonly Instance[];
  /** What `services` gives for it, once it has been asked for. */
  snippet?: GoStruct;
  /** By filter. */
  lists: Map<string, GoList>;
}

/** What one giver has, by name. */
export type NamedInstances = ReadonlyMap<string, readonly Instance[]>;

/** Instances by name, of many givers. What one giver changes costs what its names have, never what all names have. */
export class InstanceGroups {
  readonly #parts = new Map<string, NamedInstances>();
  readonly #givers = new Map<string, Map<string, readonly Instance[]>>();
  readonly #due = new Set<string>();
  readonly #groups = new Map<string, Group>();
  /** The names in order, until one comes or goes. */
  #names: readonly string[] | undefined;

  get names(): readonly string[] {
    return (this.#names ??= [...this.#groups.keys()].sort(compareStrings));
  }

  get(name: string): Group | undefined {
    return this.#groups.get(name);
  }

  /** In no particular order. */
  values(): IterableIterator<Group> {
    return this.#groups.values();
  }

  /** All that a giver has now; undefined: nothing. {@link settle} has it seen. */
  put(giver: string, parts: NamedInstances | undefined): void {
    const before = this.#parts.get(giver);
    if (before === parts) return;
    for (const name of before?.keys() ?? []) {
      if (parts?.has(name)) continue;
      this.#givers.get(name)?.delete(giver);
      this.#due.add(name);
    }
    for (const [name, instances] of parts ?? []) {
      if (before?.get(name) === instances) continue;
      const givers = this.#givers.get(name);
      if (givers) givers.set(giver, instances);
      else this.#givers.set(name, new Map([[giver, instances]]));
      this.#due.add(name);
    }
    if (parts) this.#parts.set(giver, parts);
    else this.#parts.delete(giver);
  }

  /** Takes away what all givers but these have. */
  keepOnly(givers: ReadonlySet<string>): void {
    for (const giver of [...this.#parts.keys()]) if (!givers.has(giver)) this.put(giver, undefined);
  }

  settle(): void {
    for (const name of this.#due) {
      const givers = this.#givers.get(name);
      if (!givers || givers.size === 0) {
        this.#givers.delete(name);
        if (this.#groups.delete(name)) this.#names = undefined;
        continue;
      }
      // Givers come and go; which of two equal instances is first must not depend on when.
      const given = [...givers].sort(([a], [b]) => compareStrings(a, b)).map(([, instances]) => instances);
      const known = this.#groups.get(name);
      if (known !== undefined && sameItems(known.given, given)) continue;
      if (known === undefined) this.#names = undefined;
      this.#groups.set(name, { given, instances: given.flat().sort(byNodeAndId), lists: new Map() });
    }
    this.#due.clear();
  }
}

export function sameItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}

function byNodeAndId(a: Instance, b: Instance): number {
  return compareStrings(a.facts.Node, b.facts.Node) || compareStrings(a.facts.ID, b.facts.ID);
}
