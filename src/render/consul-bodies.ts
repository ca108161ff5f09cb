import { serviceOfTag } from '../labels/service-names.js';
import { compareStrings, fromBytes } from '../template/byte-strings.js';
import { stringList } from '../template/go-values.js';
import type { Value } from '../template/value.js';
import type { Query, ServiceQuery } from './queries.js';
import {
  catalogNodeRecord,
  nodeList,
  pairList,
  pairRecord,
  serviceList,
  serviceRecord,
  snippetList,
  snippetRecord,
  type CheckFacts,
  type NodeFacts,
  type NodeServiceFacts,
} from './service-records.js';

interface HealthEntry {
  Node: NodeFacts;
  Service: NodeServiceFacts & {
    TaggedAddresses?: Record<string, { Address: string; Port: number }> | null;
    Weights?: { Passing: number; Warning: number };
  };
  Checks: CheckFacts[];
}

interface PairEntry {
  Key: string;
  Value: string | null;
  CreateIndex: number;
  ModifyIndex: number;
  LockIndex: number;
  Flags: number;
  Session?: string;
}

/** The answer in the body of a response of Consul's API, from JSON; undefined means "not found". */
export function valueOf(query: Query, json: unknown): Value {
  switch (query.kind) {
    case 'service':
      return serviceList(instances((json ?? []) as HealthEntry[], query));
    case 'services':
      return snippetList(
        Object.entries((json ?? {}) as Record<string, string[]>)
          .sort(([a], [b]) => compareStrings(a, b))
          .map(([name, tags]) => snippetRecord(name, shownTags(tags))),
      );
    case 'nodes':
      return nodeList(
        ((json ?? []) as NodeFacts[]).toSorted(
          (a, b) => compareStrings(a.Node, b.Node) || compareStrings(a.Address, b.Address),
        ),
      );
    case 'node':
      return nodeOf(json);
    case 'datacenters':
      return stringList(((json ?? []) as string[]).toSorted(compareStrings));
    case 'key': {
      const [pair] = (json ?? []) as PairEntry[];
      return pair === undefined ? (query.blocks ? undefined : null) : textOf(pair);
    }
    case 'keyExists':
      return json !== undefined;
    case 'keys':
      return keysOf(query.path, (json ?? []) as PairEntry[]);
    case 'file':
    case 'model':
      return undefined;
  }
}

/** Without the tag by which Fairlead finds its own services: a template that goes through all tags must not meet it. */
function shownTags(tags: readonly string[]): string[] {
  return tags.filter((tag) => serviceOfTag(tag) === undefined).sort(compareStrings);
}

function instances(entries: readonly HealthEntry[], { filters, near }: ServiceQuery) {
  const wanted: readonly string[] = filters.length === 0 ? ['passing'] : filters;
  const facts = entries.map(({ Node: node, Service: service, Checks: checks }) => ({
    Node: node.Node,
    NodeID: node.ID ?? '',
    NodeAddress: node.Address,
    NodeTaggedAddresses: node.TaggedAddresses ?? {},
    NodeMeta: node.Meta ?? {},
    ServiceMeta: service.Meta ?? {},
    Address: service.Address === '' ? node.Address : service.Address,
    ServiceTaggedAddresses: service.TaggedAddresses ?? {},
    ID: service.ID,
    Name: service.Service,
    Tags: shownTags(service.Tags),
    Checks: checks,
    Status: aggregated(checks),
    Port: service.Port,
    ...(service.Weights !== undefined && { Weights: service.Weights }),
  }));
  const chosen = facts.filter(({ Status }) => wanted.includes('any') || wanted.includes(Status));
  if (near === undefined) chosen.sort((a, b) => compareStrings(a.Node, b.Node) || compareStrings(a.ID, b.ID));
  return chosen.map((each) => serviceRecord(each, each.Checks));
}

/** Combines all checks of an instance into one status. */
function aggregated(checks: readonly CheckFacts[]): string {
  if (
    checks.some(
      ({ CheckID }) => CheckID === '_node_maintenance' || CheckID.startsWith('_service_maintenance:'),
    )
  ) {
    return 'maintenance';
  }
  return ['critical', 'warning'].find((state) => checks.some(({ Status }) => Status === state)) ?? 'passing';
}

function nodeOf(json: unknown): Value {
  const found = json as { Node: NodeFacts; Services: Record<string, NodeServiceFacts> } | null | undefined;
  if (found === null || found === undefined) return null;
  const services = Object.values(found.Services).map((service) => ({
    ...service,
    Tags: shownTags(service.Tags),
  }));
  services.sort((a, b) => compareStrings(a.Service, b.Service) || compareStrings(a.ID, b.ID));
  return catalogNodeRecord(found.Node, services);
}

function textOf({ Value: value }: PairEntry): string {
  return value === null ? '' : fromBytes(Buffer.from(value, 'base64'));
}

function keysOf(path: string, entries: readonly PairEntry[]): Value {
  const cut = path.replace(/\/$/, '').length;
  return pairList(
    entries.map((pair) =>
      pairRecord({
        path: pair.Key,
        key: pair.Key.slice(cut).replace(/^\//, ''),
        value: textOf(pair),
        createIndex: BigInt(pair.CreateIndex),
        modifyIndex: BigInt(pair.ModifyIndex),
        lockIndex: BigInt(pair.LockIndex),
        flags: BigInt(pair.Flags),
        ...(pair.Session !== undefined && { session: pair.Session }),
      }),
    ),
  );
}
