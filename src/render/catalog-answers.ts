import type { Service, Task, TaskPort } from '../catalog/model.js';
import { reach } from '../catalog/reach.js';
import type { Snapshot } from '../catalog/snapshot.js';
import { compareStrings } from '../template/bytes.js';
import { stringList } from '../template/values.js';
import type { GoList, GoStruct, Value } from '../template/value.js';
import { modelAnswer } from './model-answers.js';
import type { Query, ServiceQuery } from './queries.js';
import {
  catalogNodeRecord,
  nodeList,
  serviceList,
  serviceRecord,
  snippetList,
  snippetRecord,
  type CheckFacts,
  type NodeFacts,
  type ServiceFacts,
} from './records.js';
import { registeredPorts } from './registrator-services.js';
import type { QueryPort } from './run-context.js';

/** The host that renders. */
export interface RenderingHost {
  name: string;
  address: string;
  environment: string;
  /** What a registry calls the place: what `datacenters` gives. */
  datacenter: string;
  /** Which address a task of this host is given by: its own, or the one on which its port is published. */
  addresses: 'container' | 'published';
}

/** One instance under one name. */
interface Instance {
  name: string;
  facts: ServiceFacts;
  record: GoStruct;
}

interface Group {
  /** As the catalog has them: while these are the same, so is all that follows. */
  given: readonly (readonly Instance[])[];
  instances: readonly Instance[];
  /** What `services` gives for it, once it has been asked for. */
  snippet?: GoStruct;
  /** By filter. */
  lists: Map<string, GoList>;
}

/**
 * Answers queries from a snapshot. Records hang on the catalog's own values, so a change costs what changed; an answer
 * that is the same as before is the same object.
 */
export class CatalogAnswers implements QueryPort {
  readonly #host: RenderingHost;
  #perTask = new WeakMap<Task, readonly Instance[]>();
  #perService = new WeakMap<Service, { byName: NamedInstances; firsts: readonly Instance[] }>();
  #networks = -1;
  #groups = new Map<string, Group>();
  /** By the name of the service in Fairlead's own catalog, for names that no registry has. */
  #own = new Map<string, Group>();
  #snapshot: Snapshot | undefined;
  #kept = new Map<string, { of: readonly unknown[]; value: Value }>();

  constructor(host: RenderingHost) {
    this.#host = host;
  }

  /** True when the snapshot has what its sources know; before that nothing is answered. */
  get ready(): boolean {
    return this.#snapshot?.complete === true;
  }

  update(snapshot: Snapshot): void {
    if (snapshot.networksRevision !== this.#networks) {
      // Which address reaches a task depends on the networks.
      this.#networks = snapshot.networksRevision;
      this.#perTask = new WeakMap();
      this.#perService = new WeakMap();
    }
    this.#snapshot = snapshot;
    const groups: Parts = new Map();
    const own: Parts = new Map();
    for (const service of snapshot.services()) {
      if (service.environment !== this.#host.environment) continue;
      const { byName, firsts } = this.#ofService(service, snapshot);
      for (const [name, instances] of byName) push(groups, name, instances);
      if (firsts.length > 0) push(own, service.service, firsts);
    }
    for (const task of snapshot.tasks()) {
      if (task.service !== undefined || task.environment !== this.#host.environment) continue;
      for (const [name, instances] of byNames(this.#instancesOf(task, snapshot)))
        push(groups, name, instances);
    }
    this.#groups = regrouped(groups, this.#groups);
    this.#own = regrouped(own, this.#own);
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
    const groups = [...this.#groups.values()];
    return this.#keep('services', groups, () =>
      snippetList(
        [...this.#groups]
          .sort(([a], [b]) => compareStrings(a, b))
          .map(([name, group]) => (group.snippet ??= snippetRecord(name, sortedTags(group.instances)))),
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

  /** The value made from these parts, again while they are the same. */
  #keep(key: string, of: readonly unknown[], make: () => Value): Value {
    const kept = this.#kept.get(key);
    if (kept !== undefined && sameItems(kept.of, of)) return kept.value;
    const value = make();
    this.#kept.set(key, { of, value });
    return value;
  }

  #ofService(service: Service, snapshot: Snapshot) {
    let found = this.#perService.get(service);
    if (found === undefined) {
      const each = service.tasks.map((task) => this.#instancesOf(task, snapshot));
      found = { byName: byNames(each.flat()), firsts: each.flatMap((instances) => instances.slice(0, 1)) };
      this.#perService.set(service, found);
    }
    return found;
  }

  #instancesOf(task: Task, snapshot: Snapshot): readonly Instance[] {
    let instances = this.#perTask.get(task);
    if (instances === undefined) {
      this.#perTask.set(task, (instances = this.#make(task, snapshot)));
    }
    return instances;
  }

  #make(task: Task, snapshot: Snapshot): Instance[] {
    if (task.health === 'stopped') return [];
    const node = task.node?.name ?? this.#host.name;
    return registeredPorts(task).flatMap(({ port, name, id, tags, meta }) => {
      const place = this.#place(task, port, snapshot);
      if (place === undefined) return [];
      const facts: ServiceFacts = {
        Node: node,
        NodeAddress: this.#host.address,
        ServiceMeta: meta,
        ...place,
        ID: id ?? `${node}:${task.name}:${port.target}${port.protocol === 'udp' ? ':udp' : ''}`,
        Name: name,
        Tags: tags,
        Status: statusOf(task),
        Checks: checksOf(task, node, name),
        Weights: { Passing: task.weight, Warning: 1 },
      };
      return [{ name, facts, record: serviceRecord(facts) }];
    });
  }

  /** Where the host that renders reaches a port. */
  #place(task: Task, port: TaskPort, snapshot: Snapshot): { Address: string; Port: number } | undefined {
    if (this.#host.addresses === 'published') {
      const [binding] = port.published ?? [];
      if (binding === undefined) return undefined;
      const any = ['', '0.0.0.0', '::'].includes(binding.ip);
      return { Address: any ? this.#host.address : binding.ip, Port: binding.port };
    }
    const found = reach(snapshot, task, { networks: 'all' });
    const [address] = found?.addresses ?? [];
    const dial = found?.ports.find(({ taskPort }) => taskPort === port)?.dial;
    return address === undefined || dial === undefined ? undefined : { Address: address, Port: dial };
  }
}

const EMPTY = serviceList([]);

type NamedInstances = ReadonlyMap<string, readonly Instance[]>;
type Parts = Map<string, (readonly Instance[])[]>;

function push(groups: Parts, name: string, instances: readonly Instance[]): void {
  const group = groups.get(name);
  if (group === undefined) groups.set(name, [instances]);
  else group.push(instances);
}

function byNames(instances: readonly Instance[]): NamedInstances {
  const out = new Map<string, Instance[]>();
  for (const instance of instances) {
    const group = out.get(instance.name);
    if (group === undefined) out.set(instance.name, [instance]);
    else group.push(instance);
  }
  return out;
}

function sameItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}

/** Takes over the groups that are as they were, and sorts the others. */
function regrouped(next: Parts, before: ReadonlyMap<string, Group>): Map<string, Group> {
  const out = new Map<string, Group>();
  for (const [name, given] of next) {
    const known = before.get(name);
    if (known !== undefined && sameItems(known.given, given)) out.set(name, known);
    else out.set(name, { given, instances: given.flat().sort(byNodeAndId), lists: new Map() });
  }
  return out;
}

function byNodeAndId(a: Instance, b: Instance): number {
  return compareStrings(a.facts.Node, b.facts.Node) || compareStrings(a.facts.ID, b.facts.ID);
}

function chosen(instances: readonly Instance[], { tag, filters }: ServiceQuery): GoStruct[] {
  const states = filters.length === 0 ? ['passing'] : filters;
  return instances
    .filter(({ facts }) => tag === undefined || facts.Tags.includes(tag))
    .filter(({ facts }) => states.includes('any') || states.some((state) => state === facts.Status))
    .map(({ record }) => record);
}

function sortedTags(instances: readonly Instance[]): string[] {
  return [...new Set(instances.flatMap(({ facts }) => facts.Tags))].sort(compareStrings);
}

/** Consul's word for the health of a task. */
function statusOf({ health }: Task): 'passing' | 'critical' | 'maintenance' {
  if (health === 'healthy') return 'passing';
  return health === 'draining' ? 'maintenance' : 'critical';
}

function checksOf(task: Task, node: string, name: string): readonly CheckFacts[] {
  const status = statusOf(task);
  return [
    {
      Node: node,
      CheckID: `service:${task.name}`,
      Name: `Service '${name}' check`,
      Status: status === 'maintenance' ? 'critical' : status,
      Output: task.reason ?? '',
      ServiceID: task.name,
      ServiceName: name,
      Type: 'ttl',
    },
  ];
}
