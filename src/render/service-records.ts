import { fixed } from '../template/functions.js';
import {
  type TemplateFunction,
  type Type,
  GoList,
  GoMap,
  GoStruct,
  Sized,
  type Value,
} from '../template/value.js';
import {
  ANY,
  BOOL,
  INT,
  STRING,
  STRING_MAP,
  STRINGS,
  UINT64,
  listType,
  mapType,
  namedListType,
  structType,
} from '../template/types.js';
import { stringList, stringMap, struct } from '../template/go-values.js';

/**
 * The records that consul-template's functions return, with the same fields in the same order: `toJSON` shows both.
 */

const TAG_METHODS: ReadonlyMap<string, TemplateFunction> = new Map([
  ['Contains', fixed([ANY, STRING], ([tags, tag]) => tags instanceof GoList && tags.items.includes(tag))],
]);
export const SERVICE_TAGS: Type = namedListType('dependency.ServiceTags', STRING, TAG_METHODS);

const TAGGED_ADDRESS = structType('api.ServiceAddress', { Address: STRING, Port: INT });
const TAGGED_ADDRESSES = mapType(STRING, TAGGED_ADDRESS);

const CHECK = structType('api.HealthCheck', {
  Node: STRING,
  CheckID: STRING,
  Name: STRING,
  Status: STRING,
  Notes: STRING,
  Output: STRING,
  ServiceID: STRING,
  ServiceName: STRING,
  ServiceTags: STRINGS,
  Type: STRING,
  Namespace: STRING,
  Partition: STRING,
});

const CHECKS = listType(CHECK);

const WEIGHTS = structType('api.AgentWeights', { Passing: INT, Warning: INT });

export const HEALTH_SERVICE = structType('dependency.HealthService', {
  Node: STRING,
  NodeID: STRING,
  NodeAddress: STRING,
  NodeTaggedAddresses: STRING_MAP,
  NodeMeta: STRING_MAP,
  ServiceMeta: STRING_MAP,
  Address: STRING,
  ServiceTaggedAddresses: TAGGED_ADDRESSES,
  ID: STRING,
  Name: STRING,
  Tags: SERVICE_TAGS,
  Checks: CHECKS,
  Status: STRING,
  Port: INT,
  Weights: WEIGHTS,
});

const SNIPPET = structType('dependency.CatalogSnippet', { Name: STRING, Tags: SERVICE_TAGS });

const NODE = structType('dependency.Node', {
  ID: STRING,
  Node: STRING,
  Address: STRING,
  Datacenter: STRING,
  TaggedAddresses: STRING_MAP,
  Meta: STRING_MAP,
});

const NODE_SERVICE = structType('dependency.CatalogNodeService', {
  ID: STRING,
  Service: STRING,
  Tags: SERVICE_TAGS,
  Meta: STRING_MAP,
  Port: INT,
  Address: STRING,
  EnableTagOverride: BOOL,
});

const CATALOG_NODE = structType('dependency.CatalogNode', { Node: NODE, Services: listType(NODE_SERVICE) });
export const CATALOG_NODE_POINTER: Type = {
  kind: 'pointer',
  name: '*dependency.CatalogNode',
  elem: CATALOG_NODE,
};

export const KEY_PAIR = structType('dependency.KeyPair', {
  Path: STRING,
  Key: STRING,
  Value: STRING,
  Exists: BOOL,
  CreateIndex: UINT64,
  ModifyIndex: UINT64,
  LockIndex: UINT64,
  Flags: UINT64,
  Session: STRING,
});

export interface CheckFacts {
  Node?: string;
  CheckID: string;
  Name: string;
  Status: string;
  Notes?: string;
  Output?: string;
  ServiceID?: string;
  ServiceName?: string;
  ServiceTags?: readonly string[];
  Type?: string;
  Namespace?: string;
  Partition?: string;
}

/** An instance of a service as returned by Consul's health endpoint. */
export interface ServiceFacts {
  Node: string;
  NodeID?: string;
  NodeAddress: string;
  NodeTaggedAddresses?: Readonly<Record<string, string>>;
  NodeMeta?: Readonly<Record<string, string>>;
  ServiceMeta?: Readonly<Record<string, string>>;
  Address: string;
  ServiceTaggedAddresses?: Readonly<Record<string, { Address: string; Port: number }>>;
  ID: string;
  Name: string;
  Tags: readonly string[];
  Status: string;
  Port: number;
  Weights?: { Passing: number; Warning: number };
}

const EMPTY_TEXTS = stringMap([]);
const NO_CHECK_TAGS = stringList([]);
const NO_TAGS = new GoList(SERVICE_TAGS, []);
const NO_ADDRESSES = mapOf(TAGGED_ADDRESSES, []);
const WEIGHT_ONE = struct(WEIGHTS, { Passing: 1n, Warning: 1n });

function textMap(entries: Readonly<Record<string, string>> | null | undefined): Value {
  if (entries === undefined || entries === null) return EMPTY_TEXTS;
  const pairs = Object.entries(entries);
  return pairs.length === 0 ? EMPTY_TEXTS : stringMap(pairs);
}

export function tagList(tags: readonly string[]): GoList {
  return tags.length === 0 ? NO_TAGS : new GoList(SERVICE_TAGS, tags);
}

/** Records are made by the ten thousand, so their fields are written in order here, without {@link struct}. */
function checkRecord(facts: CheckFacts): GoStruct {
  return new GoStruct(CHECK, [
    facts.Node ?? '',
    facts.CheckID,
    facts.Name,
    facts.Status,
    facts.Notes ?? '',
    facts.Output ?? '',
    facts.ServiceID ?? '',
    facts.ServiceName ?? '',
    (facts.ServiceTags ?? []).length === 0 ? NO_CHECK_TAGS : stringList(facts.ServiceTags ?? []),
    facts.Type ?? '',
    facts.Namespace ?? '',
    facts.Partition ?? '',
  ]);
}

function taggedAddresses(addresses: ServiceFacts['ServiceTaggedAddresses']): Value {
  if (addresses === undefined) return NO_ADDRESSES;
  const entries = Object.entries(addresses).map(
    ([name, { Address, Port }]) => [name, struct(TAGGED_ADDRESS, { Address, Port: BigInt(Port) })] as const,
  );
  return entries.length === 0 ? NO_ADDRESSES : mapOf(TAGGED_ADDRESSES, entries);
}

export function serviceRecord(facts: ServiceFacts, checks: readonly CheckFacts[] = []): GoStruct {
  return new GoStruct(HEALTH_SERVICE, [
    facts.Node,
    facts.NodeID ?? '',
    facts.NodeAddress,
    textMap(facts.NodeTaggedAddresses),
    textMap(facts.NodeMeta),
    textMap(facts.ServiceMeta),
    facts.Address,
    taggedAddresses(facts.ServiceTaggedAddresses),
    facts.ID,
    facts.Name,
    tagList(facts.Tags),
    new GoList(CHECKS, checks.map(checkRecord)),
    facts.Status,
    BigInt(facts.Port),
    weightsRecord(facts.Weights),
  ]);
}

function weightsRecord(weights: ServiceFacts['Weights']): GoStruct {
  if (weights === undefined || (weights.Passing === 1 && weights.Warning === 1)) return WEIGHT_ONE;
  return new GoStruct(WEIGHTS, [BigInt(weights.Passing), BigInt(weights.Warning)]);
}

export function serviceList(records: readonly GoStruct[]): GoList {
  return new GoList(HEALTH_SERVICES, records);
}

const HEALTH_SERVICES: Type = { ...listType(HEALTH_SERVICE), name: '[]*dependency.HealthService' };

export function snippetRecord(name: string, tags: readonly string[]): GoStruct {
  return new GoStruct(SNIPPET, [name, tagList(tags)]);
}

export function snippetList(records: readonly GoStruct[]): GoList {
  return new GoList(SNIPPETS, records);
}

const SNIPPETS: Type = { ...listType(SNIPPET), name: '[]*dependency.CatalogSnippet' };

export interface NodeFacts {
  ID?: string;
  Node: string;
  Address: string;
  Datacenter?: string;
  TaggedAddresses?: Readonly<Record<string, string>> | null;
  Meta?: Readonly<Record<string, string>> | null;
}

export function nodeRecord(facts: NodeFacts): GoStruct {
  return struct(NODE, {
    ID: facts.ID ?? '',
    Node: facts.Node,
    Address: facts.Address,
    Datacenter: facts.Datacenter ?? '',
    TaggedAddresses: textMap(facts.TaggedAddresses),
    Meta: textMap(facts.Meta),
  });
}

export function nodeList(nodes: readonly NodeFacts[]): GoList {
  return new GoList({ ...listType(NODE), name: '[]*dependency.Node' }, nodes.map(nodeRecord));
}

export interface NodeServiceFacts {
  ID: string;
  Service: string;
  Tags: readonly string[];
  Meta?: Readonly<Record<string, string>> | null;
  Port: number;
  Address: string;
}

export function catalogNodeRecord(node: NodeFacts, services: readonly NodeServiceFacts[]): GoStruct {
  const records = services.map((service) =>
    struct(NODE_SERVICE, {
      ...service,
      Tags: tagList(service.Tags),
      Meta: textMap(service.Meta),
      Port: BigInt(service.Port),
    }),
  );
  return struct(CATALOG_NODE, {
    Node: nodeRecord(node),
    Services: new GoList(listType(NODE_SERVICE), records),
  });
}

export interface PairFacts {
  path: string;
  key: string;
  value: string;
  createIndex?: bigint;
  modifyIndex?: bigint;
  lockIndex?: bigint;
  flags?: bigint;
  session?: string;
}

export function pairRecord(facts: PairFacts): GoStruct {
  const index = (value: bigint | undefined) => new Sized(UINT64, value ?? 0n);
  return struct(KEY_PAIR, {
    Path: facts.path,
    Key: facts.key,
    Value: facts.value,
    Exists: true,
    CreateIndex: index(facts.createIndex),
    ModifyIndex: index(facts.modifyIndex),
    LockIndex: index(facts.lockIndex),
    Flags: index(facts.flags),
    Session: facts.session ?? '',
  });
}

export function pairList(pairs: readonly GoStruct[]): GoList {
  return new GoList({ ...listType(KEY_PAIR), name: '[]*dependency.KeyPair' }, pairs);
}

function mapOf(type: Type, entries: readonly (readonly [string, Value])[]): GoMap {
  return new GoMap(type, new Map(entries));
}
