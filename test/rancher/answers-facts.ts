import { ANY_NETWORK, type ServiceRef } from '../../src/catalog/model.js';
import type { ClientFact, Facts, ServiceFact, TaskFact } from '../../src/catalog/facts.js';
import { canonicalIp, ipBytes, reverseLabels } from '../../src/net/ip.js';
import { TYPE } from '../../src/wire/constants.js';
import type { DnsName } from '../../src/wire/name.js';
import { nameFromText } from '../../src/wire/name-text.js';
import type { StaticRecord } from '../../src/wire/static-record.js';
import type { Upstream } from '../../src/net/upstream.js';
import type { FixtureAnswers } from './case-file.js';

const DOMAIN = 'rancher.internal';
const ENVIRONMENT = 'default';

/** What Fairlead is given so that it knows what an answers file of rancher-dns says. */
export interface Fixture {
  readonly facts: Facts;
  /** What only configuration can report. */
  readonly records: readonly StaticRecord[];
}

/**
 * Names below the domain become what they are in a Rancher environment: `service.stack`, `sidekick.service.stack`,
 * a container of one label, an external service for a CNAME. A client's section becomes a client with links and
 * upstreams. Names outside the domain, TXT and records with a TTL of their own are static records.
 * @param upstreamsOf where the servers are that a section names
 */
export function answersFacts(
  fixture: FixtureAnswers,
  upstreamsOf: (recurse: readonly string[]) => readonly Upstream[],
): Fixture {
  const { default: all, ...clients } = fixture;
  const tasks: TaskFact[] = [];
  const services: ServiceFact[] = [];
  const records: StaticRecord[] = [];
  const containers = new Map<string, string>();
  for (const [owner, entry] of Object.entries(all?.a ?? {})) {
    const name = withoutDot(owner);
    const addresses = addressesOf(entry);
    const labels = below(name);
    const ttl = 'ttl' in entry ? entry.ttl : undefined;
    if (labels === undefined || ttl !== undefined) {
      const own = ttl === undefined ? {} : { ttl };
      const valid = addresses.map(canonicalIp).filter((ip) => ip !== undefined);
      for (const ip of valid)
        records.push({ owner: name, type: TYPE.A, rdata: { kind: 'a', address: ipBytes(ip) }, ...own });
    } else if (labels.length > 1) {
      const ref = serviceRef(labels);
      services.push({ ...ref, kind: 'tasks' });
      tasks.push(...addresses.map((ip, at) => task(`${name}#${at}`, ref, ip)));
    } else if (name !== `rancher-metadata.${DOMAIN}`) {
      // What every environment has is the server's own to know; all else of one label is a container.
      containers.set(addresses[0] ?? '', labels[0] ?? '');
    }
  }
  for (const [owner, { answer }] of Object.entries(all?.cname ?? {})) {
    const name = withoutDot(owner);
    const labels = below(name);
    if (labels?.length === 2) {
      services.push({ ...serviceRef(labels), kind: 'external', hostname: withoutDot(answer) });
    } else {
      records.push({ owner: name, type: TYPE.CNAME, rdata: { kind: 'cname', target: nameOf(answer) } });
    }
  }
  for (const [owner, { answer }] of Object.entries(all?.txt ?? {})) {
    const strings = answer.map((text) => Buffer.from(text, 'utf8'));
    records.push({ owner: withoutDot(owner), type: TYPE.TXT, rdata: { kind: 'txt', strings } });
  }
  for (const [key, { answer }] of Object.entries(all?.ptr ?? {})) {
    // The reverse name of a container's address needs no record.
    if (containers.get(key) !== below(withoutDot(answer))?.join('.')) {
      const ip = canonicalIp(key);
      const owner = ip === undefined ? withoutDot(key) : reverseLabels(ip).join('.');
      records.push({ owner, type: TYPE.PTR, rdata: { kind: 'ptr', target: nameOf(answer) } });
    }
  }
  const found = Object.entries(clients).map(([address, section]) =>
    client(address, section, upstreamsOf(section.recurse)),
  );
  return {
    facts: {
      tasks: named(tasks, containers),
      services: [...services, ...found.flatMap((each) => each.services)],
      clients: found.map((each) => each.fact),
    },
    records,
  };
}

/** Of a target, in lower case as configuration has it. */
function nameOf(target: string): DnsName {
  const name = nameFromText(target.toLowerCase());
  if (!name) throw new Error(`${target} is not a domain name`);
  return name;
}

function withoutDot(name: string): string {
  return name.replace(/\.$/, '');
}

type Section = FixtureAnswers[string];

function addressesOf(entry: Section['a'][string]): readonly string[] {
  if ('answer' in entry) return entry.answer;
  const [first = '', second = ''] = entry.generate.first.split('.');
  return Array.from(
    { length: entry.generate.count },
    (_, i) => `${first}.${second}.${Math.floor(i / 250)}.${(i % 250) + 1}`,
  );
}

/** The labels in front of the domain. */
function below(name: string): readonly string[] | undefined {
  return name.endsWith(`.${DOMAIN}`) ? name.slice(0, -DOMAIN.length - 1).split('.') : undefined;
}

function serviceRef(labels: readonly string[]): ServiceRef {
  const [stack = '', service = '', sidekick] = [...labels].reverse();
  const base = { environment: ENVIRONMENT, stack, service };
  return sidekick === undefined ? base : { ...base, sidekick };
}

function task(id: string, service: ServiceRef | undefined, address: string): TaskFact {
  const ip = canonicalIp(address);
  return {
    id,
    name: id,
    names: [],
    environment: ENVIRONMENT,
    stack: service?.stack ?? 'default',
    ...(service && { service }),
    health: 'healthy',
    endpoints: ip === undefined ? [] : [{ network: ANY_NETWORK, ip }],
    ports: [],
    labels: {},
    links: {},
    weight: 1,
    expose: false,
  };
}

/** Gives tasks the container names of their addresses; a container that no service has is a task of its own. */
function named(tasks: readonly TaskFact[], containers: ReadonlyMap<string, string>): readonly TaskFact[] {
  const alone = new Map(containers);
  const members = tasks.map((each) => {
    const ip = each.endpoints[0]?.ip ?? '';
    const name = alone.get(ip);
    alone.delete(ip);
    return name === undefined ? each : { ...each, name, names: [name] };
  });
  const rest = [...alone].map(([ip, name]) => ({ ...task(name, undefined, ip), names: [name] }));
  return [...members, ...rest];
}

function client(
  address: string,
  { search, a }: Section,
  upstreams: readonly Upstream[],
): { readonly fact: ClientFact; readonly services: readonly ServiceFact[] } {
  const suffixes = search.map(below).filter((labels) => labels !== undefined);
  const [service, stack = suffixes.find((labels) => labels.length === 1)?.[0] ?? 'default'] =
    suffixes.find((labels) => labels.length === 2) ?? [];
  // A link shows as `alias` and as `alias.targetstack`: the longer form tells where its target is.
  const links = Object.entries(a).flatMap(([owner, entry]) => {
    const [alias = '', target] = below(withoutDot(owner)) ?? [];
    return target === undefined ? [] : [{ alias, target, addresses: addressesOf(entry) }];
  });
  return {
    fact: {
      address,
      environment: ENVIRONMENT,
      stack,
      ...(service === undefined ? {} : { service }),
      links: Object.fromEntries(links.map(({ alias, target }) => [alias, `target-of-${alias}.${target}`])),
      ...(upstreams.length > 0 && { upstreams }),
    },
    services: links.map(({ alias, target, addresses }) => ({
      environment: ENVIRONMENT,
      stack: target,
      service: `target-of-${alias}`,
      kind: 'external' as const,
      externalIps: addresses,
    })),
  };
}
