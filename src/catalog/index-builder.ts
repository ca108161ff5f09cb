import type { Instant } from '../net/instant.js';
import type { Map as PersistentMap } from 'immutable';
import type { KeyChanges } from './change.js';
import type { HealthOverlay } from './health-overlay.js';
import {
  addressesOf,
  aliasKeysOf,
  difference,
  dropId,
  nameKeysOf,
  putId,
  reverseSuffixKeysOf,
  suffixKeysOf,
} from './index-keys.js';
import { serviceKey, type Service, type ServiceKey, type ServiceRef, type Task } from './model.js';
import { compareNames } from './order.js';
import { withHealthySince } from './newcomers.js';
import type { Told } from './service-builder.js';
import type { Ingredients, ServiceMaker } from './service-maker.js';
import { LookupLog, type LookupKey } from './lookup-keys.js';
import type { Index, Indexes } from './snapshot.js';
import { isHearsay } from './first-hand.js';
import type { SourceFacts, Touched } from './source-facts.js';

interface Membership {
  readonly ref: ServiceRef;
  readonly left: Set<string>;
  readonly joined: Task[];
}

/** The indexes under construction: persistent maps whose versions share unchanged parts. */
export type PersistentIndexes = {
  readonly [K in keyof Indexes]: Indexes[K] extends Index<infer V> ? PersistentMap<string, V> : Indexes[K];
};

export interface IndexChanges {
  readonly tasks: KeyChanges;
  readonly services: KeyChanges;
  readonly networks: KeyChanges;
  readonly clients: boolean;
  /** A drain ended with its task, or its task has another name. */
  readonly drains: boolean;
  readonly lookups: ReadonlySet<LookupKey> | 'all';
  readonly any: boolean;
}

/** Builds the next snapshot's indexes from the previous ones and the touched keys. */
export class IndexBuilder {
  readonly #sources: readonly SourceFacts[];
  readonly #overlay: HealthOverlay;
  readonly #maker: ServiceMaker;
  readonly #now: Instant;
  readonly #before: PersistentIndexes;
  readonly #next: { -readonly [K in keyof PersistentIndexes]: PersistentIndexes[K] };
  readonly #memberships = new Map<ServiceKey, Membership>();
  #lastMembership: Membership | undefined;
  #lastService: { readonly ref: ServiceRef; readonly service: Service | undefined } | undefined;
  /** By how much the count of a suffix differs. All tasks of a host share a few: a first sync would write each thousands of times. */
  readonly #suffixes = new Map<string, number>();
  /** By stack: the services that came (true) and went. */
  readonly #stacks = new Map<string, Map<ServiceKey, boolean>>();
  readonly #tasks = new ChangeLog();
  readonly #services = new ChangeLog();
  readonly #networks = new ChangeLog();
  readonly #clients = new ChangeLog();
  readonly #lookups = new LookupLog();
  #drains = false;

  constructor(
    before: PersistentIndexes,
    sources: readonly SourceFacts[],
    overlay: HealthOverlay,
    maker: ServiceMaker,
    now: Instant,
  ) {
    this.#before = before;
    this.#sources = sources;
    this.#overlay = overlay;
    this.#maker = maker;
    this.#now = now;
    this.#next = { ...before };
  }

  apply(touched: Touched): void {
    const next = this.#next;
    // Make one mutable copy per call, however many keys change. `finish` freezes the copies again.
    next.tasks = next.tasks.asMutable();
    next.services = next.services.asMutable();
    next.stacks = next.stacks.asMutable();
    next.names = next.names.asMutable();
    next.nameSuffixes = next.nameSuffixes.asMutable();
    next.aliases = next.aliases.asMutable();
    next.addresses = next.addresses.asMutable();
    next.vips = next.vips.asMutable();
    const tasks = [...touched.tasks];
    this.#lookups.expect(tasks.length);
    for (const id of tasks) this.#applyTask(id);
    for (const key of touched.services) {
      const ref = this.#effective((source) => source.services.get(key)) ?? next.services.get(key);
      if (ref) this.#membership(ref);
    }
    this.#applyServices();
    this.#applySuffixes();
    this.#applyStacks();
    next.networks = this.#applyPlain(
      next.networks,
      touched.networks,
      this.#networks,
      (source) => source.networks,
    );
    next.clients = this.#applyPlain(next.clients, touched.clients, this.#clients, (source) => source.clients);
    for (const key of touched.clients) this.#lookups.note('clients', key);
    if (this.#networks.any || next.isolation !== this.#maker.isolation) next.networksRevision++;
    next.isolation = this.#maker.isolation;
  }

  finish(): { indexes: PersistentIndexes; changes: IndexChanges } {
    const next = this.#next;
    const changes: IndexChanges = {
      tasks: this.#tasks,
      services: this.#services,
      networks: this.#networks,
      clients: this.#clients.any,
      drains: this.#drains,
      lookups: this.#lookups.keys,
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
        aliases: next.aliases.asImmutable(),
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

  /** See docs/design.md, "Identity". */
  #taskOf(id: string): Task | undefined {
    for (const source of this.#sources) {
      const task = source.tasks.get(id);
      if (task !== undefined && !isHearsay(task, source, this.#sources)) return task;
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
    const told = this.#taskOf(id);
    const drains =
      told === undefined
        ? this.#overlay.forget(id)
        : told.name !== before?.name && this.#overlay.hasDrain(id);
    if (drains) this.#drains = true;
    const shown = told && this.#overlay.apply(told);
    const after = shown && this.#withHealthySince(shown, before);
    if (before === after) return;
    next.tasks = after === undefined ? next.tasks.delete(id) : next.tasks.set(id, after);
    this.#tasks.note(id, before, after);
    this.#lookups.note('tasks', id);
    this.#reindex(before, after);
    const former = before?.service ?? before?.refused;
    if (former) this.#membership(former).left.add(id);
    if (after?.service) this.#membership(after.service).joined.push(after);
  }

  #reindex(before: Task | undefined, after: Task | undefined): void {
    const next = this.#next;
    const id = (before ?? after)?.id ?? '';
    difference(before && nameKeysOf(before), after && nameKeysOf(after), (key, step) => {
      this.#lookups.note('names', key);
      next.names = step === 1 ? putId(next.names, key, id) : dropId(next.names, key, id);
    });
    difference(before && aliasKeysOf(before), after && aliasKeysOf(after), (key, step) => {
      this.#lookups.note('aliases', key);
      next.aliases = step === 1 ? putId(next.aliases, key, id) : dropId(next.aliases, key, id);
    });
    difference(before && addressesOf(before), after && addressesOf(after), (ip, step) => {
      this.#lookups.note('addresses', ip);
      next.addresses = step === 1 ? putId(next.addresses, ip, id) : dropId(next.addresses, ip, id);
    });
    difference(before && suffixKeysOf(before), after && suffixKeysOf(after), (key, step) =>
      this.#countSuffix(key, step),
    );
  }

  #countSuffix(key: string, step: 1 | -1): void {
    this.#suffixes.set(key, (this.#suffixes.get(key) ?? 0) + step);
  }

  #applySuffixes(): void {
    const next = this.#next;
    for (const [key, step] of this.#suffixes) {
      if (step === 0) continue;
      const before = next.nameSuffixes.get(key) ?? 0;
      const count = before + step;
      if (before === 0 || count === 0) this.#lookups.note('nameSuffixes', key);
      next.nameSuffixes = count === 0 ? next.nameSuffixes.delete(key) : next.nameSuffixes.set(key, count);
    }
  }

  #reindexVip({ vip }: Service, key: ServiceKey, environment: string, step: 1 | -1): void {
    if (vip === undefined) return;
    const next = this.#next;
    this.#lookups.note('vips', vip);
    next.vips = step === 1 ? putId(next.vips, vip, key) : dropId(next.vips, vip, key);
    for (const suffix of reverseSuffixKeysOf(environment, vip)) this.#countSuffix(suffix, step);
  }

  #membership(ref: ServiceRef): Membership {
    if (this.#lastMembership?.ref === ref) return this.#lastMembership;
    const key = serviceKey(ref);
    let membership = this.#memberships.get(key);
    if (!membership) {
      membership = { ref, left: new Set(), joined: [] };
      this.#memberships.set(key, membership);
    }
    this.#lastMembership = membership;
    return membership;
  }

  /** Set only if the service has a slow start: copying every task that becomes healthy would waste memory. */
  #withHealthySince(task: Task, before: Task | undefined): Task {
    const service = task.service && this.#serviceOf(task.service);
    // The first tasks of a service have no other task to take over from gradually.
    const slowStart = service && (task.balancing?.slowStart ?? service.balancing.slowStart);
    if (!slowStart) return task;
    const source = this.#sources.find(({ name }) => name === task.source);
    const isNews = before !== undefined || source?.status.state !== 'loading';
    return withHealthySince(task, before, this.#now.at, isNews);
  }

  /** As it was before this change. Tasks of one service come one after the other, and share the reference to it. */
  #serviceOf(ref: ServiceRef): Service | undefined {
    if (this.#lastService?.ref !== ref)
      this.#lastService = { ref, service: this.#before.services.get(serviceKey(ref)) };
    return this.#lastService.service;
  }

  #applyServices(): void {
    const { services } = this.#next;
    const ingredients = new Map<ServiceKey, Ingredients>();
    for (const [key, { ref, left, joined }] of this.#memberships) {
      const known = [...(services.get(key)?.tasks ?? []), ...this.#maker.refusedOf(key)];
      const stayed = known.filter((task) => !left.has(task.id));
      const tasks = joined.length === 0 ? stayed : [...stayed, ...joined].sort(compareNames);
      const told: Told[] = [];
      for (const source of this.#sources) {
        const fact = source.services.get(key);
        if (fact) told.push({ fact, source: source.name });
      }
      ingredients.set(key, { ref, tasks, told });
    }
    const { made, moved, judged } = this.#maker.make(ingredients, this.#now);
    for (const task of judged) this.#putJudged(task);
    for (const [key, service] of made) this.#putService(key, service);
    for (const key of moved) {
      const service = this.#next.services.get(key);
      if (service) this.#putService(key, this.#maker.withVip(service));
    }
  }

  /** A task that a service lets in that refused it, or the other way round; its names and addresses are the same. */
  #putJudged(task: Task): void {
    const before = this.#before.tasks.get(task.id);
    const current = this.#next.tasks.get(task.id);
    if (current === task) return;
    const isNoted = before !== current;
    this.#next.tasks = this.#next.tasks.set(task.id, task);
    if (isNoted) return;
    this.#tasks.note(task.id, before, task);
    this.#lookups.note('tasks', task.id);
  }

  #putService(key: ServiceKey, after: Service | undefined): void {
    const next = this.#next;
    const before = next.services.get(key);
    const ref = after ?? before;
    if (!ref) return;
    next.services = after === undefined ? next.services.delete(key) : next.services.set(key, after);
    this.#services.note(key, before, after);
    this.#lookups.note('services', key);
    if (before?.vip !== after?.vip) {
      if (before) this.#reindexVip(before, key, ref.environment, -1);
      if (after) this.#reindexVip(after, key, ref.environment, 1);
    }
    if ((before === undefined) === (after === undefined)) return;
    const stackKey = `${ref.environment}/${ref.stack}`;
    const moves = this.#stacks.get(stackKey);
    if (moves) moves.set(key, after !== undefined);
    else this.#stacks.set(stackKey, new Map([[key, after !== undefined]]));
  }

  #applyStacks(): void {
    const next = this.#next;
    for (const [stackKey, moves] of this.#stacks) {
      this.#lookups.note('stacks', stackKey);
      const others = (next.stacks.get(stackKey) ?? []).filter((other) => !moves.has(other));
      const here = [...moves].flatMap(([key, isHere]) => (isHere ? [key] : []));
      const keys = [...others, ...here].sort();
      next.stacks = keys.length === 0 ? next.stacks.delete(stackKey) : next.stacks.set(stackKey, keys);
    }
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
