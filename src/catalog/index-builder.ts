import type { Map as PersistentMap } from 'immutable';
import { reverseLabels } from '../net/ip.js';
import type { KeyChanges } from './change.js';
import type { ServiceFact } from './facts.js';
import type { HealthOverlay } from './health-overlay.js';
import {
  HOST_NETWORK,
  serviceKey,
  type Service,
  type ServiceKey,
  type ServiceRef,
  type Task,
} from './model.js';
import { compareNames } from './order.js';
import { buildService } from './service-builder.js';
import { nameKey, reverseSuffixKey, suffixKey, type Ids, type Indexes } from './snapshot.js';
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
  readonly #overlay: HealthOverlay;
  readonly #before: Indexes;
  readonly #next: { -readonly [K in keyof Indexes]: Indexes[K] };
  readonly #memberships = new Map<ServiceKey, Membership>();
  readonly #tasks = new ChangeLog();
  readonly #services = new ChangeLog();
  readonly #networks = new ChangeLog();
  readonly #clients = new ChangeLog();

  constructor(before: Indexes, sources: readonly SourceFacts[], overlay: HealthOverlay) {
    this.#before = before;
    this.#sources = sources;
    this.#overlay = overlay;
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
    next.vips = next.vips.asMutable();
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
        vips: next.vips.asImmutable(),
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
    const told = this.#effective((source) => source.tasks.get(id));
    if (told === undefined) this.#overlay.forget(id);
    const after = told && this.#overlay.apply(told);
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
    difference(before && nameKeysOf(before), after && nameKeysOf(after), (key, step) => {
      next.names = step === 1 ? putId(next.names, key, id) : dropId(next.names, key, id);
    });
    difference(before && addressesOf(before), after && addressesOf(after), (ip, step) => {
      next.addresses = step === 1 ? putId(next.addresses, ip, id) : dropId(next.addresses, ip, id);
    });
    difference(before && suffixKeysOf(before), after && suffixKeysOf(after), (key, step) =>
      this.#countSuffix(key, step),
    );
  }

  #countSuffix(key: string, step: 1 | -1): void {
    const next = this.#next;
    const count = (next.nameSuffixes.get(key) ?? 0) + step;
    next.nameSuffixes = count === 0 ? next.nameSuffixes.delete(key) : next.nameSuffixes.set(key, count);
  }

  #reindexVip({ vip }: Service, key: ServiceKey, environment: string, step: 1 | -1): void {
    if (vip === undefined) return;
    const next = this.#next;
    next.vips = step === 1 ? putId(next.vips, vip, key) : dropId(next.vips, vip, key);
    for (const suffix of reverseSuffixKeysOf(environment, vip)) this.#countSuffix(suffix, step);
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
    if (before === undefined && after === undefined) return;
    next.services = after === undefined ? next.services.delete(key) : next.services.set(key, after);
    this.#services.note(key, before, after);
    if (before?.vip !== after?.vip) {
      if (before) this.#reindexVip(before, key, ref.environment, -1);
      if (after) this.#reindexVip(after, key, ref.environment, 1);
    }
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

/** Calls back with 1 for each key that came and -1 for each that went. */
function difference(
  before: ReadonlySet<string> | undefined,
  after: ReadonlySet<string> | undefined,
  change: (key: string, step: 1 | -1) => void,
): void {
  for (const key of before ?? []) if (!after?.has(key)) change(key, -1);
  for (const key of after ?? []) if (!before?.has(key)) change(key, 1);
}

function nameKeysOf({ names }: Task): Set<string> {
  // A name that is its own key is used as it is: one string less for each task.
  return new Set(names.map(nameKey).map((key) => names.find((name) => name === key) ?? key));
}

/** Host-mode tasks share the host's address with everything else on it, so that address names none of them. */
function addressesOf(task: Task): Set<string> {
  const served = task.endpoints
    .filter((endpoint) => endpoint.network !== HOST_NETWORK)
    .map((endpoint) => endpoint.ip);
  return new Set([...served, ...(task.clientAddresses ?? [])]);
}

/** The ends of all names of several labels, and of the reverse names of all addresses; counted once a task. */
function suffixKeysOf(task: Task): Set<string> {
  const { environment, names } = task;
  const keys = new Set<string>();
  for (const ip of addressesOf(task)) for (const key of reverseSuffixKeysOf(environment, ip)) keys.add(key);
  for (const name of names) {
    for (let dot = name.indexOf('.'); dot !== -1; dot = name.indexOf('.', dot + 1)) {
      keys.add(suffixKey(environment, name.slice(dot + 1)));
    }
  }
  return keys;
}

/** What stands above the reverse name of an address, down to but without `in-addr.arpa` and `ip6.arpa`. */
function reverseSuffixKeysOf(environment: string, ip: string): string[] {
  const labels = reverseLabels(ip);
  const keys: string[] = [];
  let suffix = labels.slice(-2).join('.');
  for (let at = labels.length - 3; at > 0; at--) {
    suffix = `${labels[at] ?? ''}.${suffix}`;
    keys.push(reverseSuffixKey(environment, suffix));
  }
  return keys;
}

type IdMap = PersistentMap<string, Ids>;

function putId(map: IdMap, key: string, id: string): IdMap {
  const ids = map.get(key);
  if (ids === undefined) return map.set(key, id);
  return map.set(key, typeof ids === 'string' ? [ids, id] : [...ids, id]);
}

function dropId(map: IdMap, key: string, id: string): IdMap {
  const ids = map.get(key);
  if (ids === undefined || typeof ids === 'string') return map.delete(key);
  const [first, ...more] = ids.filter((other) => other !== id);
  return first === undefined ? map.delete(key) : map.set(key, more.length === 0 ? first : [first, ...more]);
}
