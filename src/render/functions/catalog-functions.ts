import { fixed, variadic } from '../../template/functions.js';
import {
  type TemplateFunction,
  GoList,
  GoMap,
  GoStruct,
  NilPointer,
  type MapKey,
  type Value,
} from '../../template/value.js';
import { FunctionError } from '../../template/template-error.js';
import { ANY, BOOL, INT, STRING, listType, mapType } from '../../template/types.js';
import { stringList, typeOf } from '../../template/go-values.js';
import {
  HEALTH_FILTERS,
  keyExistsQuery,
  keyQuery,
  keysQuery,
  nodeQuery,
  nodesQuery,
  serviceQuery,
  servicesQuery,
  type HealthFilter,
  type Query,
  type ServiceQuery,
} from '../queries.js';
import {
  CATALOG_NODE_POINTER,
  HEALTH_SERVICE,
  KEY_PAIR,
  nodeList,
  pairList,
  serviceList,
  snippetList,
} from '../service-records.js';
import type { RunContext } from '../run-context.js';
import { texts } from './strings.js';

type Named = readonly [string, TemplateFunction];

/** The value of a field of a record. */
export function fieldOf(record: Value, name: string): Value {
  return record instanceof GoStruct ? record.values[record.type.fields?.get(name) ?? -1] : undefined;
}

const STRUCTURED: ReadonlySet<string> = new Set(['name', 'tag', 'dc', 'datacenter', 'near', 'filter']);

/** A query given as a map. Names and tags may then contain any characters. */
function structuredQuery(map: GoMap, connect: boolean): ServiceQuery {
  for (const key of map.entries.keys()) {
    if (!STRUCTURED.has(String(key))) {
      throw new FunctionError(
        `service: unknown key ${JSON.stringify(key)}: the keys are ${[...STRUCTURED].join(', ')}`,
      );
    }
  }
  const text = (key: string): string | undefined => {
    const value = map.entries.get(key);
    if (value === undefined || value === '') return undefined;
    if (typeof value !== 'string') throw new FunctionError(`service: ${key} must be a string`);
    return value;
  };
  const name = text('name');
  if (name === undefined) throw new FunctionError('service: the key "name" is missing');
  return {
    kind: 'service',
    name,
    tag: text('tag'),
    datacenter: text('dc') ?? text('datacenter'),
    near: text('near'),
    filters: (text('filter') ?? '')
      .split(',')
      .filter((word) => word !== '')
      .map(filterWord),
    connect,
  };
}

function filterWord(word: string): HealthFilter {
  const filter = HEALTH_FILTERS.find((known) => known === word);
  if (filter === undefined)
    throw new FunctionError(`service: filter must be one of ${HEALTH_FILTERS.join(', ')}, not ${word}`);
  return filter;
}

function serviceFunction(run: RunContext, connect: boolean): TemplateFunction {
  return variadic([ANY], (args) => {
    const [first] = args;
    if (args.length === 0 || first === '') return serviceList([]);
    const query =
      first instanceof GoMap && args.length === 1
        ? structuredQuery(first, connect)
        : serviceQuery(joined(args), connect);
    const answer = run.ask(query);
    if (!connect) {
      run.askedForInstances = true;
      if (answer instanceof GoList) run.instances += answer.items.length;
    }
    return answer ?? serviceList([]);
  });
}

function joined(args: readonly Value[]): string {
  for (const arg of args) {
    if (typeof arg === 'string') continue;
    const type = arg === undefined || arg === null ? 'nil' : typeOf(arg).name;
    throw new FunctionError(`service: wrong type for value; expected string; got ${type}`);
  }
  return texts(args).join('|');
}

function list(run: RunContext, query: (text: string) => Query, empty: () => Value): TemplateFunction {
  return variadic([STRING], (args) => run.ask(query(texts(args).join(''))) ?? empty());
}

function keysFunction(run: RunContext, deep: boolean, safe: boolean): TemplateFunction {
  return fixed([STRING], ([text]) => {
    if (text === '') return pairList([]);
    const query = keysQuery(texts([text])[0] ?? '');
    const answer = run.ask(query);
    const pairs = (answer instanceof GoList ? answer.items : []).filter((pair) => {
      const key = fieldOf(pair, 'Key');
      if (typeof key !== 'string' || key === '') return false;
      return deep ? !key.endsWith('/') : !key.includes('/');
    });
    if (safe && pairs.length === 0) run.refuse(query);
    return pairList(pairs.filter((pair): pair is GoStruct => pair instanceof GoStruct));
  });
}

function keyFunction(run: RunContext): TemplateFunction {
  return fixed([STRING], ([text]) => {
    if (text === '') return '';
    return run.ask(keyQuery(texts([text])[0] ?? '', true)) ?? '';
  });
}

function keyOrDefault(run: RunContext): TemplateFunction {
  return fixed([STRING, STRING], ([text, fallback]) => {
    if (text === '') return fallback;
    const answer = run.ask(keyQuery(texts([text])[0] ?? '', false));
    return answer === undefined || answer === null || answer === '' ? fallback : answer;
  });
}

function keyExists(run: RunContext): TemplateFunction {
  return fixed([STRING], ([text]) => {
    if (text === '') return false;
    return run.ask(keyExistsQuery(texts([text])[0] ?? '')) ?? false;
  });
}

/** Groups records by the keys of each record. */
function grouped(
  items: Value,
  name: string,
  field: string,
  keysOf: (value: Value) => readonly MapKey[],
): GoMap {
  const groups = new Map<MapKey, Value[]>();
  if (items !== undefined && items !== null) {
    if (!(items instanceof GoList) || items.type.elem?.fields?.has(field) !== true) {
      throw new FunctionError(`${name}: wrong argument type ${typeOf(items).name}`);
    }
    for (const item of items.items) {
      for (const key of keysOf(fieldOf(item, field))) {
        const group = groups.get(key);
        if (group === undefined) groups.set(key, [item]);
        else group.push(item);
      }
    }
  }
  const anything = listType(ANY);
  const entries = [...groups].map(([key, group]) => [key, new GoList(anything, group)] as const);
  return new GoMap(mapType(name === 'byPort' ? INT : STRING, anything), new Map(entries));
}

/** `byMeta "k1,k2|int"`: groups by metadata values, joined with `_`. */
function byMeta(spec: string, items: Value): Value {
  const keys = spec.split(',').map((part) => part.trim().split('|'));
  const groups = new Map<MapKey, GoStruct[]>();
  for (const item of items instanceof GoList ? items.items : []) {
    const meta = fieldOf(item, 'ServiceMeta');
    if (!(item instanceof GoStruct) || !(meta instanceof GoMap)) continue;
    const group = keys
      .map(([key = '', kind]) => metaPart(meta, key, kind))
      .join('_')
      .replaceAll(/[^a-zA-Z0-9_]/g, '_');
    groups.set(group, [...(groups.get(group) ?? []), item]);
  }
  const type = mapType(STRING, listType(HEALTH_SERVICE));
  return new GoMap(type, new Map([...groups].map(([key, group]) => [key, serviceList(group)])));
}

function metaPart(meta: GoMap, key: string, kind: string | undefined): string {
  const value = meta.entries.get(key);
  if (typeof value !== 'string') return `_no_${key}_`;
  if (kind !== 'int') return value;
  if (!/^[+-]?[0-9]+$/.test(value))
    throw new FunctionError(`byMeta: strconv.Atoi: parsing ${JSON.stringify(value)}: invalid syntax`);
  const number = BigInt(value.replace(/^\+/, ''));
  return (
    (number < 0n ? '-' : '') + (number < 0n ? -number : number).toString().padStart(number < 0n ? 4 : 5, '0')
  );
}

function byKey(pairs: Value): Value {
  const tops = new Map<MapKey, Map<MapKey, Value>>();
  for (const pair of pairs instanceof GoList ? pairs.items : []) {
    const key = fieldOf(pair, 'Key');
    if (!(pair instanceof GoStruct) || typeof key !== 'string') continue;
    const slash = key.indexOf('/');
    const rest = slash < 0 ? '' : key.slice(slash + 1);
    if (rest === '') continue;
    const top = tops.get(key.slice(0, slash)) ?? new Map<MapKey, Value>();
    tops.set(key.slice(0, slash), top);
    const at = pair.type.fields?.get('Key') ?? -1;
    top.set(rest, new GoStruct(pair.type, pair.values.with(at, rest)));
  }
  const inner = mapType(STRING, KEY_PAIR);
  return new GoMap(
    mapType(STRING, inner),
    new Map([...tops].map(([key, map]) => [key, new GoMap(inner, map)])),
  );
}

const NOT_HERE: readonly string[] = [
  'secret',
  'secrets',
  'pkiCert',
  'nomadServices',
  'nomadService',
  'nomadVar',
  'nomadVarList',
  'nomadVarListSafe',
  'nomadVarExists',
];
const NOT_IN_CONSUL: readonly string[] = [
  'partitions',
  'peerings',
  'exportedServices',
  'importedServices',
  'caRoots',
  'caLeaf',
];

/** Functions that query data, and functions that group the results. */
export function catalogFunctions(run: RunContext): readonly Named[] {
  const model = (what: 'stacks' | 'tasks' | 'vip' | 'endpoints'): Named => [
    what,
    variadic(
      [STRING],
      (args) =>
        run.ask({ kind: 'model', what, of: texts(args).join('.') }) ??
        (what === 'vip' ? '' : new GoList(listType(ANY), [])),
    ),
  ];
  return [
    ['service', serviceFunction(run, false)],
    ['connect', serviceFunction(run, true)],
    ['services', list(run, servicesQuery, () => snippetList([]))],
    ['nodes', list(run, nodesQuery, () => nodeList([]))],
    ['node', list(run, nodeQuery, () => new NilPointer(CATALOG_NODE_POINTER))],
    [
      'datacenters',
      variadic(
        [BOOL],
        ([ignore]) => run.ask({ kind: 'datacenters', ignoreFailing: ignore === true }) ?? stringList([]),
      ),
    ],
    ['key', keyFunction(run)],
    ['keyExists', keyExists(run)],
    ['keyOrDefault', keyOrDefault(run)],
    ['ls', keysFunction(run, false, false)],
    ['tree', keysFunction(run, true, false)],
    ['safeLs', keysFunction(run, false, true)],
    ['safeTree', keysFunction(run, true, true)],
    [
      'byTag',
      fixed([ANY], ([items]) =>
        grouped(items, 'byTag', 'Tags', (tags) => (tags instanceof GoList ? texts(tags.items) : [])),
      ),
    ],
    [
      'byPort',
      fixed([ANY], ([items]) =>
        grouped(items, 'byPort', 'Port', (port) => (typeof port === 'bigint' ? [port] : [])),
      ),
    ],
    ['byMeta', fixed([STRING, ANY], ([spec, items]) => byMeta(texts([spec])[0] ?? '', items))],
    ['byKey', fixed([ANY], ([pairs]) => byKey(pairs))],
    model('stacks'),
    model('tasks'),
    model('vip'),
    model('endpoints'),
    ...NOT_HERE.map((name): Named => [
      name,
      unsupported(name, 'Vault and Nomad are not connected to Fairlead'),
    ]),
    ...NOT_IN_CONSUL.map((name): Named => [
      name,
      unsupported(name, "Consul's mesh and its enterprise features are not read"),
    ]),
  ];
}

function unsupported(name: string, why: string): TemplateFunction {
  return variadic([ANY], () => {
    throw new FunctionError(`${name} is not supported: ${why}`);
  });
}
