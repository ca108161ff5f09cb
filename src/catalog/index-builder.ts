import type { Map as PersistentMap } from 'immutable';
import type { KeyChanges } from './change.js';
import type { ServiceFact } from './facts.js';
import { HOST_NETWORK, serviceKey, type ServiceKey, type ServiceRef, type Task } from './model.js';
import { compareForAddress, compareForName, compareNames } from './order.js';
import { buildService } from './service-builder.js';
import type { Indexes } from './snapshot.js';
import type { SourceFacts, Touched } from './source-facts.js';

interface Membership {
  readonly ref: ServiceRef;
  readonly left: Set<string>;
  readonly joined: Task[];
}

export interface IndexChanges {
  readonly tasks: KeyChanges;
  readonly services: KeyChanges;
  readonly networks: KeyChanges;
  readonly clients: boolean;
  readonly any: boolean;
}

/** Makes the indexes of the next snapshot from those of the last one and the keys that sources touched. */
export class IndexBuilder {
  readonly #sources: readonly SourceFacts[];
  readonly #before: Indexes;
  readonly #next: { -readonly [K in keyof Indexes]: Indexes[K] };
  readonly #memberships = new Map<ServiceKey, Membership>();
  readonly #tasks = new ChangeLog();
  readonly #services = new ChangeLog();
  readonly #networks = new ChangeLog();
  readonly #clients = new ChangeLog();

  constructor(before: Indexes, sources: readonly SourceFacts[]) {
    this.#before = before;
    this.#sources = sources;
    this.#next = { ...before };
  }

  apply(touched: Touched): void {
    const next = this.#next;
    // One mutable copy a call, however many keys change in it; `finish` freezes them again.
    next.tasks = next.tasks.asMutable();
    next.services = next.services.asMutable();
    next.stacks = next.stacks.asMutable();
    next.names = next.names.asMutable();
    next.nameSuffixes = next.nameSuffixes.asMutable();
    next.addresses = next.addresses.asMutable();
    for (const id of touched.tasks) this.#applyTask(id);
    for (const key of touched.services) {
      const ref = this.#effective((source) => source.services.get(key)) ?? next.services.get(key);
      if (ref) this.#membership(ref);
    }
    for (const [key, membership] of this.#memberships) this.#applyService(key, membership);
    next.networks = this.#applyPlain(
      next.networks,
      touched.networks,
      this.#networks,
      (source) => source.networks,
    );
    next.clients = this.#applyPlain(next.clients, touched.clients, this.#clients, (source) => source.clients);
    if (this.#networks.any) next.networksRevision++;
  }

  finish(): { indexes: Indexes; changes: IndexChanges } {
    const next = this.#next;
    const changes: IndexChanges = {
      tasks: this.#tasks,
      services: this.#services,
      networks: this.#networks,
      clients: this.#clients.any,
      any: this.#tasks.any || this.#services.any || this.#networks.any || this.#clients.any,
    };
    if (!changes.any) return { indexes: this.#before, changes };
    return {
      indexes: {
        ...next,
        tasks: next.tasks.asImmutable(),
        services: next.services.asImmutable(),
        stacks: next.stacks.asImmutable(),
        names: next.names.asImmutable(),
        nameSuffixes: next.nameSuffixes.asImmutable(),
        addresses: next.addresses.asImmutable(),
      },
      changes,
    };
  }

  #effective<T>(pick: (source: SourceFacts) => T | undefined): T | undefined {
    for (const source of this.#sources) {
      const value = pick(source);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  #applyPlain<T>(
    map: PersistentMap<string, T>,
    keys: Iterable<string>,
    log: ChangeLog,
    pick: (source: SourceFacts) => ReadonlyMap<string, T>,
  ): PersistentMap<string, T> {
    let result = map;
    for (const key of keys) {
      const before = result.get(key);
      const after = this.#effective((source) => pick(source).get(key));
      if (before === after) continue;
      result = after === undefined ? result.delete(key) : result.set(key, after);
      log.note(key, before, after);
    }
    return result;
  }

  #applyTask(id: string): void {
    const next = this.#next;
    const before = next.tasks.get(id);
    const after = this.#effective((source) => source.tasks.get(id));
    if (before === after) return;
    next.tasks = after === undefined ? next.tasks.delete(id) : next.tasks.set(id, after);
    this.#tasks.note(id, before, after);
    this.#reindex(before, after);
    if (before?.service) this.#membership(before.service).left.add(id);
    if (after?.service) this.#membership(after.service).joined.push(after);
  }

  #reindex(before: Task | undefined, after: Task | undefined): void {
    const next = this.#next;
    const id = (before ?? after)?.id ?? '';
    const lookup = (other: string) => next.tasks.get(other);
    const oldNames = new Set(before ? namesOf(before) : []);
    const newNames = new Set(after ? namesOf(after) : []);
    for (const key of oldNames) if (!newNames.has(key)) next.names = dropId(next.names, key, id);
    for (const key of newNames) {
      const name = key.slice(key.indexOf('/') + 1);
      next.names = putId(next.names, key, id, compareForName(name, lookup));
    }
    const suffixes = (keys: Set<string>, others: Set<string>, step: 1 | -1) => {
      for (const key of keys) if (!others.has(key)) this.#countSuffixes(key, step);
    };
    suffixes(newNames, oldNames, 1);
    suffixes(oldNames, newNames, -1);
    const oldAddresses = new Set(before ? addressesOf(before) : []);
    const newAddresses = new Set(after ? addressesOf(after) : []);
    for (const ip of oldAddresses) if (!newAddresses.has(ip)) next.addresses = dropId(next.addresses, ip, id);
    for (const ip of newAddresses)
      next.addresses = putId(next.addresses, ip, id, compareForAddress(ip, lookup));
  }

  #countSuffixes(key: string, step: 1 | -1): void {
    const slash = key.indexOf('/');
    for (let dot = key.indexOf('.', slash); dot !== -1; dot = key.indexOf('.', dot + 1)) {
      const suffix = `${key.slice(0, slash + 1)}${key.slice(dot + 1)}`;
      const count = (this.#next.nameSuffixes.get(suffix) ?? 0) + step;
      this.#next.nameSuffixes =
        count === 0 ? this.#next.nameSuffixes.delete(suffix) : this.#next.nameSuffixes.set(suffix, count);
    }
  }

  #membership(ref: ServiceRef): Membership {
    const key = serviceKey(ref);
    let membership = this.#memberships.get(key);
    if (!membership) {
      membership = { ref, left: new Set(), joined: [] };
      this.#memberships.set(key, membership);
    }
    return membership;
  }

  #applyService(key: ServiceKey, { ref, left, joined }: Membership): void {
    const next = this.#next;
    const before = next.services.get(key);
    const stayed = (before?.tasks ?? []).filter((task) => !left.has(task.id));
    const tasks = joined.length === 0 ? stayed : [...stayed, ...joined].sort(compareNames);
    const told: { fact: ServiceFact; source: string }[] = [];
    for (const source of this.#sources) {
      const fact = source.services.get(key);
      if (fact) told.push({ fact, source: source.name });
    }
    const after = buildService(ref, tasks, told);
    if (after === undefined ? before === undefined : false) return;
    next.services = after === undefined ? next.services.delete(key) : next.services.set(key, after);
    this.#services.note(key, before, after);
    if ((before === undefined) === (after === undefined)) return;
    const stackKey = `${ref.environment}/${ref.stack}`;
    const others = (next.stacks.get(stackKey) ?? []).filter((other) => other !== key);
    const keys = after === undefined ? others : [...others, key].sort();
    next.stacks = keys.length === 0 ? next.stacks.delete(stackKey) : next.stacks.set(stackKey, keys);
  }
}

class ChangeLog implements KeyChanges {
  readonly added: string[] = [];
  readonly changed: string[] = [];
  readonly removed: string[] = [];

  get any(): boolean {
    return this.added.length + this.changed.length + this.removed.length > 0;
  }

  note(key: string, before: unknown, after: unknown): void {
    if (before === undefined) this.added.push(key);
    else if (after === undefined) this.removed.push(key);
    else this.changed.push(key);
  }
}

function namesOf(task: Task): string[] {
  return task.names.map((name) => `${task.environment}/${name}`);
}

/** Host-mode tasks share the host's address with everything else on it, so that address names none of them. */
function addressesOf(task: Task): string[] {
  const served = task.endpoints
    .filter((endpoint) => endpoint.network !== HOST_NETWORK)
    .map((endpoint) => endpoint.ip);
  return [...served, ...(task.clientAddresses ?? [])];
}

type IdMap = PersistentMap<string, readonly string[]>;

function putId(map: IdMap, key: string, id: string, compare: (a: string, b: string) => number): IdMap {
  const others = (map.get(key) ?? []).filter((other) => other !== id);
  return map.set(key, others.length === 0 ? [id] : [...others, id].sort(compare));
}

function dropId(map: IdMap, key: string, id: string): IdMap {
  const others = (map.get(key) ?? []).filter((other) => other !== id);
  return others.length === 0 ? map.delete(key) : map.set(key, others);
}
