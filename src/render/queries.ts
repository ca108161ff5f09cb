import { quote } from '../template/quote.js';
import { FunctionError } from '../template/template-error.js';

export const HEALTH_FILTERS = ['any', 'passing', 'warning', 'critical', 'maintenance'] as const;
export type HealthFilter = (typeof HEALTH_FILTERS)[number];

/** Instances of a service. */
export interface ServiceQuery {
  kind: 'service';
  name: string;
  tag: string | undefined;
  datacenter: string | undefined;
  near: string | undefined;
  /** Empty: only passing instances. */
  filters: readonly HealthFilter[];
  /** Return the service mesh proxies instead of the service. */
  connect: boolean;
}

/** Everything that a template can query. A query is answered as a whole, and again when its answer changes. */
export type Query =
  | ServiceQuery
  | { kind: 'services'; datacenter: string | undefined }
  | { kind: 'nodes'; datacenter: string | undefined; near: string | undefined }
  | { kind: 'node'; name: string | undefined; datacenter: string | undefined }
  | { kind: 'datacenters'; ignoreFailing: boolean }
  | { kind: 'key'; path: string; datacenter: string | undefined; blocks: boolean }
  | { kind: 'keyExists'; path: string; datacenter: string | undefined }
  | { kind: 'keys'; path: string; datacenter: string | undefined }
  | { kind: 'file'; path: string }
  | { kind: 'model'; what: 'stacks' | 'tasks' | 'vip' | 'endpoints'; of: string };

const TAG = String.raw`(?:(?<tag>[\w=:.-]+)\.)?`;
const NAME = String.raw`(?<name>[\w-]+)`;
const OPTIONS = String.raw`(?:\?(?<query>[\w=&-]+))?`;
const DATACENTER = String.raw`(?:@(?<dc>[\w.-]+))?`;
const NEAR = String.raw`(?:~(?<near>[\w.-]+))?`;
const FILTER = String.raw`(?:\|(?<filter>[\w,]+))?`;

const NAME_ALONE = /^[\w-]+$/;
const SERVICE = new RegExp(`^${TAG}${NAME}${OPTIONS}${DATACENTER}${NEAR}${FILTER}$`);
const SERVICES = new RegExp(`^${OPTIONS}${DATACENTER}$`);
const NODES = new RegExp(`^${OPTIONS}${DATACENTER}${NEAR}$`);
const NODE = new RegExp(String.raw`^(?<name>[\w.-]+)?${OPTIONS}${DATACENTER}$`);
const KEY = new RegExp(String.raw`^/?(?<path>[^@?]+)${OPTIONS}${DATACENTER}$`);
const PREFIX = new RegExp(String.raw`^/?(?<path>[^@?]*)${OPTIONS}${DATACENTER}$`);

const OPTION_KEYS: ReadonlySet<string> = new Set(['ns', 'peer', 'partition', 'sameness-group']);

/** @throws FunctionError when the text does not have the function's format */
function matched(form: RegExp, text: string, name: string): Record<string, string | undefined> {
  const groups = form.exec(text)?.groups;
  if (groups === undefined) throw new FunctionError(`${name}: invalid format: ${quote(text)}`);
  for (const option of (groups['query'] ?? '').split('&')) {
    const key = option.split('=')[0] ?? '';
    if (key !== '' && !OPTION_KEYS.has(key)) {
      throw new FunctionError(
        `${name}: invalid query parameter key ${quote(key)} in query ${quote(text)}: supported keys: ${[...OPTION_KEYS].join(',')}`,
      );
    }
  }
  return groups;
}

const KEPT_QUERIES = 20_000;
const parsed = new Map<string, ServiceQuery>();

/** `[tag.]name[?options][@datacenter][~near][|filter]`. Each text is parsed only once. */
export function serviceQuery(text: string, connect = false): ServiceQuery {
  const key = connect ? `connect ${text}` : text;
  let query = parsed.get(key);
  if (query === undefined) {
    if (parsed.size >= KEPT_QUERIES) parsed.clear();
    parsed.set(key, (query = readServiceQuery(text, connect)));
  }
  return query;
}

const NO_FILTERS: readonly HealthFilter[] = [];

function readServiceQuery(text: string, connect: boolean): ServiceQuery {
  // Most queries give a name alone.
  if (NAME_ALONE.test(text)) {
    return {
      kind: 'service',
      name: text,
      tag: undefined,
      datacenter: undefined,
      near: undefined,
      filters: NO_FILTERS,
      connect,
    };
  }
  const name = connect ? 'health.connect' : 'health.service';
  const groups = matched(SERVICE, text, name);
  const words = (groups['filter'] ?? '').split(',').filter((word) => word !== '');
  const filters = words.map((word) => {
    const filter = HEALTH_FILTERS.find((known) => known === word);
    if (filter === undefined)
      throw new FunctionError(`${name}: invalid filter: ${quote(word)} in ${quote(text)}`);
    return filter;
  });
  return {
    kind: 'service',
    name: groups['name'] ?? '',
    tag: groups['tag'],
    datacenter: groups['dc'],
    near: groups['near'],
    filters: filters.toSorted(),
    connect,
  };
}

export function servicesQuery(text: string): Query {
  return { kind: 'services', datacenter: matched(SERVICES, text, 'catalog.services')['dc'] };
}

export function nodesQuery(text: string): Query {
  const groups = matched(NODES, text, 'catalog.nodes');
  return { kind: 'nodes', datacenter: groups['dc'], near: groups['near'] };
}

export function nodeQuery(text: string): Query {
  const groups = matched(NODE, text, 'catalog.node');
  return { kind: 'node', name: groups['name'], datacenter: groups['dc'] };
}

export function keyQuery(text: string, blocks: boolean): Query {
  const groups = matched(KEY, text, 'kv.get');
  return { kind: 'key', path: groups['path'] ?? '', datacenter: groups['dc'], blocks };
}

export function keyExistsQuery(text: string): Query {
  const groups = matched(KEY, text, 'kv.exists');
  return { kind: 'keyExists', path: groups['path'] ?? '', datacenter: groups['dc'] };
}

export function keysQuery(text: string): Query {
  const groups = matched(PREFIX, text, 'kv.list');
  return { kind: 'keys', path: groups['path'] ?? '', datacenter: groups['dc'] };
}

const queryTexts = new WeakMap<Query, string>();

/** The query as shown in logs and by `fairlead templates`. Queries with equal texts are the same query. */
export function queryText(query: Query): string {
  let text = queryTexts.get(query);
  if (text === undefined) queryTexts.set(query, (text = writeQuery(query)));
  return text;
}

function writeQuery(query: Query): string {
  const dc = 'datacenter' in query && query.datacenter !== undefined ? `@${query.datacenter}` : '';
  switch (query.kind) {
    case 'service': {
      const { name, tag, near, filters } = query;
      const parts = `${tag === undefined ? '' : `${tag}.`}${name}${dc}${near === undefined ? '' : `~${near}`}`;
      return `health.${query.connect ? 'connect' : 'service'}(${parts}${filters.length === 0 ? '' : `|${filters.join(',')}`})`;
    }
    case 'services':
    case 'datacenters':
      return `catalog.${query.kind}${dc === '' ? '' : `(${dc})`}`;
    case 'nodes':
      return `catalog.nodes${dc === '' && query.near === undefined ? '' : `(${dc}${query.near === undefined ? '' : `~${query.near}`})`}`;
    case 'node':
      return `catalog.node${query.name === undefined && dc === '' ? '' : `(${query.name ?? ''}${dc})`}`;
    case 'key':
      return `kv.${query.blocks ? 'block' : 'get'}(${query.path}${dc})`;
    case 'keyExists':
      return `kv.exists(${query.path}${dc})`;
    case 'keys':
      return `kv.list(${query.path}${dc})`;
    case 'file':
      return `file(${query.path})`;
    case 'model':
      return `${query.what}(${query.of})`;
  }
}
