import type { Service, Task } from '../catalog/model.js';
import type { Snapshot } from '../catalog/snapshot.js';
import { compareStrings } from '../template/byte-strings.js';
import { stringList } from '../template/go-values.js';
import type { GoList, GoStruct, Value } from '../template/value.js';
import type { ChangedKeys } from './changed-keys.js';
import { InstanceGroups, sameItems, type Instance, type NamedInstances } from './instance-groups.js';
import { modelAnswer } from './model-answers.js';
import type { Query, ServiceQuery } from './queries.js';
import {
  catalogNodeRecord,
  nodeList,
  serviceList,
  snippetList,
  snippetRecord,
  type NodeFacts,
} from './service-records.js';
import type { RenderingHost } from './rendering-host.js';
import type { QueryPort } from './run-context.js';
import { instancesOf } from './task-instances.js';

/** What hangs on one of the catalog's services. */
interface ServicePart {
  byName: NamedInstances;
  /** The first instance of each task, by the service's own name; undefined when there is none. */
  own: NamedInstances | undefined;
}

/**
 * Answers queries from a snapshot. Records are keyed by the catalog's own values, so the cost of a change is
 * proportional to its size. An unchanged answer is the same object as before.
 */
export class CatalogAnswers implements QueryPort {
  readonly #host: RenderingHost;
  #perTask = new WeakMap<Task, readonly Instance[]>();
  #perLoneTask = new WeakMap<Task, NamedInstances>();
  #perService = new WeakMap<Service, ServicePart>();
  #networks = -1;
  readonly #groups = new InstanceGroups();
  /** By the name of the service in Fairlead's own catalog, for names that no registry has. */
  readonly #own = new InstanceGroups();
  #snapshot: Snapshot | undefined;
  #kept = new Map<string, { of: readonly unknown[]; value: Value }>();

  constructor(host: RenderingHost) {
    this.#host = host;
  }

  /** True when the snapshot contains what its sources know. Queries get no answer before that. */
  get ready(): boolean {
    return this.#snapshot?.complete === true;
  }

  /** @param changed what differs from the snapshot before; absent: everything may */
  update(snapshot: Snapshot, changed?: Pick<ChangedKeys, 'services' | 'tasks'>): void {
    const isFirst = this.#snapshot === undefined;
    const hasOtherNetworks = snapshot.networksRevision !== this.#networks;
    if (hasOtherNetworks) {
      // Which address reaches a task depends on the networks.
      this.#networks = snapshot.networksRevision;
      this.#perTask = new WeakMap();
      this.#perLoneTask = new WeakMap();
      this.#perService = new WeakMap();
    }
    this.#snapshot = snapshot;
    if (changed && !hasOtherNetworks && !isFirst) {
      for (const key of changed.services) this.#putService(key, snapshot.serviceByKey(key), snapshot);
      for (const id of changed.tasks) this.#putTask(id, snapshot.task(id), snapshot);
    } else {
      const givers = new Set<string>();
      for (const service of snapshot.services()) givers.add(this.#putService(service.key, service, snapshot));
      for (const task of snapshot.tasks())
        if (task.service === undefined) givers.add(this.#putTask(task.id, task, snapshot));
      this.#groups.keepOnly(givers);
      this.#own.keepOnly(givers);
    }
    this.#groups.settle();
    this.#own.settle();
  }

  /** @returns the giver's key */
  #putService(key: string, service: Service | undefined, snapshot: Snapshot): string {
    const isHere = service !== undefined && service.environment === this.#host.environment;
    const part = isHere ? this.#ofService(service, snapshot) : undefined;
    const giver = `service ${key}`;
    this.#groups.put(giver, part?.byName);
    this.#own.put(giver, part?.own);
    return giver;
  }

  /** A task without a service. @returns the giver's key */
  #putTask(id: string, task: Task | undefined, snapshot: Snapshot): string {
    const isOne =
      task !== undefined && task.service === undefined && task.environment === this.#host.environment;
    const giver = `task ${id}`;
    this.#groups.put(giver, isOne ? this.#ofTask(task, snapshot) : undefined);
    return giver;
  }

  answer(query: Query): Value {
    const snapshot = this.#snapshot;
    if (snapshot === undefined || !this.ready) return undefined;
    switch (query.kind) {
      case 'service':
        return this.#services(query);
      case 'services':
        return this.#elsewhere(query.datacenter) ? snippetList([]) : this.#names();
      case 'nodes':
        return this.#elsewhere(query.datacenter) ? nodeList([]) : nodeList(this.#nodes());
      case 'node':
        return this.#node(query.name);
      case 'datacenters':
        return this.#keep('datacenters', [], () => stringList([this.#host.datacenter]));
      case 'model':
        return modelAnswer(query.what, query.of, snapshot, this.#host.environment);
      case 'key':
      case 'keyExists':
      case 'keys':
      case 'file':
        return undefined;
    }
  }

  #elsewhere(datacenter: string | undefined): boolean {
    return datacenter !== undefined && datacenter !== this.#host.datacenter;
  }

  #services(query: ServiceQuery): GoList {
    if (query.connect || this.#elsewhere(query.datacenter)) return EMPTY;
    const group = this.#groups.get(query.name) ?? this.#own.get(query.name);
    if (group === undefined) return EMPTY;
    const key = `${query.tag ?? ''}|${query.filters.join(',')}`;
    let list = group.lists.get(key);
    if (list === undefined) group.lists.set(key, (list = serviceList(chosen(group.instances, query))));
    return list;
  }

  #names(): Value {
    const { names } = this.#groups;
    const groups = names.flatMap((name) => this.#groups.get(name) ?? []);
    return this.#keep('services', groups, () =>
      snippetList(
        groups.map(
          (group, at) => (group.snippet ??= snippetRecord(names[at] ?? '', sortedTags(group.instances))),
        ),
      ),
    );
  }

  #nodes(): NodeFacts[] {
    const nodes = new Map<string, NodeFacts>([[this.#host.name, this.#thisNode()]]);
    for (const { instances } of this.#groups.values()) {
      for (const { facts } of instances) {
        if (!nodes.has(facts.Node)) {
          nodes.set(facts.Node, {
            Node: facts.Node,
            Address: facts.NodeAddress,
            Datacenter: this.#host.datacenter,
          });
        }
      }
    }
    return [...nodes.values()].sort(
      (a, b) => compareStrings(a.Node, b.Node) || compareStrings(a.Address, b.Address),
    );
  }

  #thisNode(): NodeFacts {
    return { Node: this.#host.name, Address: this.#host.address, Datacenter: this.#host.datacenter };
  }

  #node(name = this.#host.name): Value {
    const node = this.#nodes().find((each) => each.Node === name);
    if (node === undefined) return null;
    const facts = [...this.#groups.values()]
      .flatMap(({ instances }) => instances.map((instance) => instance.facts))
      .filter((each) => each.Node === name)
      .sort((a, b) => compareStrings(a.Name, b.Name) || compareStrings(a.ID, b.ID));
    return catalogNodeRecord(
      node,
      facts.map(({ ID, Name, Tags, ServiceMeta, Port, Address }) => {
        return {
          ID,
          Service: Name,
          Tags,
          Port,
          Address,
          ...(ServiceMeta !== undefined && { Meta: ServiceMeta }),
        };
      }),
    );
  }

  /** The value made from these parts. Returns the previous value while the parts are unchanged. */
  #keep(key: string, of: readonly unknown[], make: () => Value): Value {
    const kept = this.#kept.get(key);
    if (kept !== undefined && sameItems(kept.of, of)) return kept.value;
    const value = make();
    this.#kept.set(key, { of, value });
    return value;
  }

  #ofService(service: Service, snapshot: Snapshot): ServicePart {
    let found = this.#perService.get(service);
    if (found === undefined) {
      const each = service.tasks.map((task) => this.#instancesOf(task, snapshot));
      const firsts = each.flatMap((instances) => instances.slice(0, 1));
      const own = firsts.length > 0 ? new Map([[service.service, firsts]]) : undefined;
      found = { byName: byNames(each.flat()), own };
      this.#perService.set(service, found);
    }
    return found;
  }

  #ofTask(task: Task, snapshot: Snapshot): NamedInstances {
    let found = this.#perLoneTask.get(task);
    if (found === undefined)
      this.#perLoneTask.set(task, (found = byNames(this.#instancesOf(task, snapshot))));
    return found;
  }

  #instancesOf(task: Task, snapshot: Snapshot): readonly Instance[] {
    let instances = this.#perTask.get(task);
    if (instances === undefined) {
      this.#perTask.set(task, (instances = instancesOf(task, snapshot, this.#host)));
    }
    return instances;
  }
}

const EMPTY = serviceList([]);
const NO_TAGS: readonly string[] = [];

function byNames(instances: readonly Instance[]): NamedInstances {
  const out = new Map<string, Instance[]>();
  for (const instance of instances) {
    const group = out.get(instance.name);
    if (group === undefined) out.set(instance.name, [instance]);
    else group.push(instance);
  }
  return out;
}

function chosen(instances: readonly Instance[], { tag, filters }: ServiceQuery): GoStruct[] {
  const states: readonly string[] = filters.length === 0 ? ['passing'] : filters;
  const isAny = states.includes('any');
  const records: GoStruct[] = [];
  // By index: see sortedTags.
  for (let at = 0; at < instances.length; at += 1) {
    const instance = instances[at];
    if (instance === undefined || (tag !== undefined && !instance.facts.Tags.includes(tag))) continue;
    if (isAny || states.includes(instance.facts.Status)) records.push(instance.record);
  }
  return records;
}

function sortedTags(instances: readonly Instance[]): readonly string[] {
  let tags: Set<string> | undefined;
  // By index: the first render looks at each instance once, before V8 has compiled this, when iterators cost most.
  for (let at = 0; at < instances.length; at += 1) {
    const own = instances[at]?.facts.Tags ?? NO_TAGS;
    if (own.length === 0) continue;
    tags ??= new Set();
    for (const tag of own) tags.add(tag);
  }
  return tags === undefined ? NO_TAGS : [...tags].sort(compareStrings);
}
