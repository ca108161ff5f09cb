import type { QuerySeenJson } from '../api/types/queries-json.js';
import type { ServiceJson, TaskJson } from '../api/types/resources.js';

/** Who asks for whom: a service, another client, or names elsewhere. */
export interface Asking {
  /** A service's name (`web.shop`), a task's, or an address. */
  readonly from: string;
  /** A service's name; undefined: names that are not Fairlead's. */
  readonly to: string | undefined;
  /** Queries since the page was opened, as many as each stands for. */
  readonly queries: number;
  /** The service says that it links to the other. */
  readonly isLink: boolean;
}

/** Pairs beyond this are not counted: a scan must not fill the memory. */
const MOST_PAIRS = 5000;

/** Counts who asks for whom. */
export class AskBook {
  readonly #pairs = new Map<string, Asking>();

  add(query: QuerySeenJson, targets: ReadonlyMap<string, string>): void {
    const from = query.service ?? query.task ?? query.client;
    const name = query.name?.toLowerCase().replace(/\.$/, '');
    if (from === undefined || name === undefined) return;
    const to = targetOf(name, query.service, targets);
    if (from === to) return;
    const key = `${from} ${to ?? ''}`;
    const known = this.#pairs.get(key);
    if (!known && this.#pairs.size >= MOST_PAIRS) return;
    this.#pairs.set(key, { from, to, queries: (known?.queries ?? 0) + query.oneOf, isLink: false });
  }

  /** With what services link to, whether they have asked or not. */
  askings(services: Iterable<Pick<ServiceJson, 'name' | 'links'>>): Asking[] {
    const all = new Map(this.#pairs);
    for (const { name: from, links } of services)
      for (const to of Object.values(links)) {
        const key = `${from} ${to}`;
        all.set(key, { from, to, queries: all.get(key)?.queries ?? 0, isLink: true });
      }
    return [...all.values()].sort((a, b) => b.queries - a.queries || (a.from < b.from ? -1 : 1));
  }
}

/** What a name leads to for a service that asks: bare names are completed as the daemon does (docs/dns.md). */
function targetOf(
  name: string,
  from: string | undefined,
  targets: ReadonlyMap<string, string>,
): string | undefined {
  const stack = from?.split('.').at(-1);
  return targets.get(name) ?? targets.get(`${from ?? ''} ${name}`) ?? targets.get(`${stack ?? ''} ${name}`);
}

/**
 * The service that each name leads to. Bare names have a space in front, and before it who may use them: a service
 * (its links) or a stack.
 */
export function targetsOf(
  services: Iterable<Pick<ServiceJson, 'name' | 'fqdn' | 'links' | 'stack' | 'service'>>,
  tasks: Iterable<Pick<TaskJson, 'names' | 'service'>>,
  domain: string,
): Map<string, string> {
  const targets = new Map<string, string>();
  for (const { names, service } of tasks) {
    if (!service) continue;
    const { stack, service: name, sidekick } = service;
    const to = `${sidekick === undefined ? '' : `${sidekick}.`}${name}.${stack}`;
    for (const each of names) targets.set(`${each}.${domain}`.toLowerCase(), to);
  }
  for (const { name, fqdn, links, stack, service } of services) {
    for (const prefix of ['', 'tasks.', 'vip.']) {
      targets.set(`${prefix}${fqdn}`.toLowerCase(), name);
      targets.set(`${prefix}${name}`.toLowerCase(), name);
    }
    targets.set(`${stack} ${service}`, name);
    for (const [alias, target] of Object.entries(links))
      targets.set(`${name} ${alias.toLowerCase()}`, target);
  }
  return targets;
}

export interface TopologyNode {
  readonly id: string;
  /** 0: who asks, 1: services, 2: tasks, 3: hosts. */
  readonly layer: 0 | 1 | 2 | 3;
  readonly text: string;
  /** Where it is shown; absent: nowhere. */
  readonly place?: { readonly page: string; readonly path: readonly string[] };
}

export interface TopologyEdge {
  readonly from: string;
  readonly to: string;
  readonly weight: number;
  readonly isLink: boolean;
}

export interface Topology {
  readonly nodes: readonly TopologyNode[];
  readonly edges: readonly TopologyEdge[];
  /** There were too many: nodes are stacks, and tasks are left out. */
  readonly isGrouped: boolean;
}

/** More than these cannot be read. */
const MOST_NODES = 60;

const ELSEWHERE = 'other names';

/** The picture: who asks, what for, which tasks that is, and on which host. */
export function topologyOf(
  askings: readonly Asking[],
  services: ReadonlyMap<string, ServiceJson>,
  tasks: Iterable<TaskJson>,
): Topology {
  const byName = new Map([...services.values()].map((service) => [service.name, service]));
  const asked = new Set(askings.map(({ to }) => to));
  const behind = [...tasks].filter(({ service }) => service && asked.has(refName(service)));
  const full = draw(askings, byName, behind, (name) => name);
  if (full.nodes.length <= MOST_NODES) return full;
  const stackOf = (name: string): string => byName.get(name)?.stack ?? name;
  const grouped = draw(askings, byName, [], stackOf);
  const heaviest = [...grouped.edges].sort((a, b) => b.weight - a.weight);
  const kept = new Set<string>();
  const edges = heaviest.filter(({ from, to }) => {
    if (kept.size + 2 > MOST_NODES && !(kept.has(from) && kept.has(to))) return false;
    kept.add(from).add(to);
    return true;
  });
  return { nodes: grouped.nodes.filter(({ id }) => kept.has(id)), edges, isGrouped: true };
}

function draw(
  askings: readonly Asking[],
  byName: ReadonlyMap<string, ServiceJson>,
  tasks: readonly TaskJson[],
  groupOf: (name: string) => string,
): Topology {
  const nodes = new Map<string, TopologyNode>();
  const edges = new Map<string, TopologyEdge>();
  const node = (layer: TopologyNode['layer'], text: string, place?: TopologyNode['place']): string => {
    const id = `${layer} ${text}`;
    if (!nodes.has(id)) nodes.set(id, { id, layer, text, ...(place && { place }) });
    return id;
  };
  const edge = (from: string, to: string, weight: number, isLink: boolean): void => {
    const key = `${from}\n${to}`;
    const known = edges.get(key);
    edges.set(key, {
      from,
      to,
      weight: (known?.weight ?? 0) + weight,
      isLink: isLink || known?.isLink === true,
    });
  };
  const placeOf = (name: string): TopologyNode['place'] => {
    const service = byName.get(name);
    return service && { page: 'services', path: service.key.split('/') };
  };
  for (const { from, to, queries, isLink } of askings)
    edge(
      node(0, groupOf(from), placeOf(from)),
      node(1, to === undefined ? ELSEWHERE : groupOf(to), to === undefined ? undefined : placeOf(to)),
      queries,
      isLink,
    );
  for (const task of tasks) {
    if (!task.service) continue;
    const id = node(2, task.name, { page: 'tasks', path: [task.id] });
    edge(node(1, groupOf(refName(task.service))), id, 0, false);
    if (task.node) edge(id, node(3, task.node.name), 0, false);
  }
  return { nodes: [...nodes.values()], edges: [...edges.values()], isGrouped: false };
}

function refName({ stack, service, sidekick }: NonNullable<TaskJson['service']>): string {
  return `${sidekick === undefined ? '' : `${sidekick}.`}${service}.${stack}`;
}

export interface PlacedNode extends TopologyNode {
  readonly x: number;
  readonly y: number;
}

export const NODE = { width: 190, height: 26 } as const;
const [COLUMN_STEP, ROW_STEP] = [260, 38];

/** Layers from left to right; in each, nodes stand near those that lead to them, so that few lines cross. */
export function placed({ nodes, edges }: Topology): {
  readonly nodes: readonly PlacedNode[];
  readonly width: number;
  readonly height: number;
} {
  const rows = new Map<string, number>();
  const all: PlacedNode[] = [];
  const layers = [0, 1, 2, 3]
    .map((layer) => nodes.filter((each) => each.layer === layer))
    .filter((of) => of.length > 0);
  for (const [column, layer] of layers.entries()) {
    const wish = new Map(layer.map(({ id }, index) => [id, meanRow(id, edges, rows) ?? index]));
    const ordered = [...layer].sort(
      (a, b) => (wish.get(a.id) ?? 0) - (wish.get(b.id) ?? 0) || (a.text < b.text ? -1 : 1),
    );
    for (const [row, each] of ordered.entries()) {
      rows.set(each.id, row);
      all.push({ ...each, x: 4 + column * COLUMN_STEP, y: 4 + row * ROW_STEP });
    }
  }
  return {
    nodes: all,
    width: Math.max(0, layers.length - 1) * COLUMN_STEP + NODE.width + 8,
    height: Math.max(1, ...layers.map((layer) => layer.length)) * ROW_STEP,
  };
}

function meanRow(
  id: string,
  edges: readonly TopologyEdge[],
  rows: ReadonlyMap<string, number>,
): number | undefined {
  const before = edges.filter(({ to }) => to === id).flatMap(({ from }) => rows.get(from) ?? []);
  return before.length === 0 ? undefined : before.reduce((sum, row) => sum + row, 0) / before.length;
}
