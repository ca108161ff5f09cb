import { fixed, variadic } from '../../template/functions.js';
import {
  type TemplateFunction,
  GoList,
  GoMap,
  GoStruct,
  NilPointer,
  type Value,
} from '../../template/value.js';
import { FunctionError } from '../../template/template-error.js';
import { ANY, BOOL, STRING, listType } from '../../template/types.js';
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
import { CATALOG_NODE_POINTER, nodeList, pairList, serviceList, snippetList } from '../service-records.js';
import type { RunContext } from '../run-context.js';
import { fieldOf } from './record-fields.js';
import type { Named } from './sprig-values.js';
import { texts } from './strings.js';

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
  const [first] = args;
  if (args.length === 1 && typeof first === 'string') return first;
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

/** Functions that query data. */
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
