import { readFileSync } from 'node:fs';
import { allFunctions } from '../../src/render/functions/all-functions.js';
import type { Query } from '../../src/render/queries.js';
import {
  catalogNodeRecord,
  nodeList,
  pairList,
  pairRecord,
  serviceList,
  serviceRecord,
  snippetList,
  snippetRecord,
  type NodeFacts,
  type NodeServiceFacts,
  type ServiceFacts,
} from '../../src/render/service-records.js';
import { RunContext, type QueryPort } from '../../src/render/run-context.js';
import { Template } from '../../src/template/template.js';
import { fromJson, stringList } from '../../src/template/go-values.js';
import type { Value } from '../../src/template/value.js';

interface CaseData {
  services?: Record<string, (Partial<ServiceFacts> & { Tags?: string[] })[]>;
  catalog?: Record<string, string[]>;
  kv?: Record<string, string>;
  nodes?: NodeFacts[];
  node?: Record<
    string,
    { Node: Partial<NodeFacts> & { Node: string }; Services?: Partial<NodeServiceFacts>[] }
  >;
  datacenters?: string[];
  env?: string[];
  dot?: unknown;
}

export interface TemplateCase {
  name: string;
  template: string;
  data?: CaseData;
  options?: {
    error_on_missing_key?: boolean;
    left_delimiter?: string;
    right_delimiter?: string;
    function_denylist?: string[];
  };
  expect?: string;
  error?: string;
  missing?: string[];
}

/** The cases of a file in the format of template-cases.json. */
export function readCases(file: string): TemplateCase[] {
  return (JSON.parse(readFileSync(file, 'utf8')) as { cases: TemplateCase[] }).cases;
}

class CasePort implements QueryPort {
  readonly #data: CaseData;

  constructor(data: CaseData) {
    this.#data = data;
  }

  answer(query: Query): Value {
    const { services, catalog, kv, nodes, node, datacenters } = this.#data;
    switch (query.kind) {
      case 'service':
        return services === undefined ? undefined : serviceAnswer(services, serviceText(query));
      case 'services':
        return (
          catalog &&
          snippetList(
            Object.entries(catalog)
              .sort(([a], [b]) => (a < b ? -1 : 1))
              .map(([name, tags]) => snippetRecord(name, tags.toSorted())),
          )
        );
      case 'nodes':
        return nodes && nodeList(nodes);
      case 'node': {
        const found = node?.[query.name ?? ''];
        return (
          found &&
          catalogNodeRecord(
            { Address: '', ...found.Node },
            (found.Services ?? []).map((service) => ({
              ID: '',
              Service: '',
              Tags: [],
              Port: 0,
              Address: '',
              ...service,
            })),
          )
        );
      }
      case 'datacenters':
        return datacenters && stringList(datacenters);
      case 'key': {
        const value = kv?.[query.path];
        if (kv === undefined || (value === undefined && query.blocks)) return undefined;
        return value ?? null;
      }
      case 'keyExists':
        return kv && Object.hasOwn(kv, query.path);
      case 'keys':
        return kv && keysAnswer(kv, query.path);
      case 'file':
      case 'model':
        return undefined;
    }
  }
}

function serviceText({ name, tag, datacenter, near, filters }: Extract<Query, { kind: 'service' }>): string {
  return [
    tag === undefined ? '' : `${tag}.`,
    name,
    datacenter === undefined ? '' : `@${datacenter}`,
    near === undefined ? '' : `~${near}`,
    filters.length === 0 ? '' : `|${filters.join(',')}`,
  ].join('');
}

function serviceAnswer(services: NonNullable<CaseData['services']>, text: string): Value {
  const found = services[text];
  if (found === undefined) return undefined;
  const whole = {
    Node: '',
    NodeAddress: '',
    Address: '',
    ID: '',
    Name: '',
    Tags: [],
    Status: '',
    Port: 0,
    Weights: { Passing: 0, Warning: 0 },
  };
  return serviceList(found.map((facts) => serviceRecord({ ...whole, ...facts })));
}

function keysAnswer(kv: Record<string, string>, path: string): Value {
  const prefix = path.replace(/\/$/, '');
  const pairs = Object.entries(kv)
    .filter(([key]) => key.startsWith(prefix))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) =>
      pairRecord({ path: key, key: key.slice(prefix.length).replace(/^\//, ''), value }),
    );
  return pairList(pairs);
}

/** What is wrong with the outcome of a case; undefined when nothing is. */
export function failureOf(each: TemplateCase): string | undefined {
  const { data = {}, options = {} } = each;
  const run = new RunContext(new CasePort(data));
  const environment = Object.fromEntries(
    (data.env ?? []).map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  );
  let output: string | undefined;
  let problem: string | undefined;
  try {
    const template = Template.parse('case', each.template, {
      functions: allFunctions(run, {
        host: { environment, allowPlugin: true, allowWriteToFile: false },
        now: () => 0,
        ...(options.function_denylist !== undefined && { denied: options.function_denylist }),
      }),
      missingKey: options.error_on_missing_key === true ? 'error' : 'zero',
      delimiters: { left: options.left_delimiter ?? '', right: options.right_delimiter ?? '' },
    });
    output = template.execute(data.dot === undefined ? undefined : fromJson(data.dot));
  } catch (error) {
    problem = error instanceof Error ? error.message : String(error);
  }
  if (each.error !== undefined) {
    return problem === undefined
      ? `must fail with ${each.error}, gave ${JSON.stringify(output)}`
      : missingFailure(each, run);
  }
  if (problem !== undefined) return `failed: ${problem}`;
  if (output !== each.expect) return `gave ${JSON.stringify(output)}, not ${JSON.stringify(each.expect)}`;
  return missingFailure(each, run);
}

function missingFailure(each: TemplateCase, run: RunContext): string | undefined {
  const missing = JSON.stringify([...run.missing].sort());
  const wanted = JSON.stringify((each.missing ?? []).toSorted());
  return missing === wanted ? undefined : `missing ${missing}, not ${wanted}`;
}
