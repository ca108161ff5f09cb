import type { CatalogReader } from '../../catalog/catalog.js';
import type { Demand } from '../../catalog/demand.js';
import type { Snapshot } from '../../catalog/snapshot.js';
import type { View } from '../../catalog/view.js';
import type { StaticRecord } from '../../wire/static-record.js';
import type { Question, Resolution, Resolver } from '../resolver.js';
import { CLASS, EDE, RCODE, TYPE } from '../../wire/constants.js';
import { labelsOf, lowerCaseName, nameFromLabels, type DnsName } from '../../wire/name.js';
import { targetOf } from '../../wire/rdata.js';
import type { ResourceRecord } from '../../wire/resource-record.js';
import { Askers, type AskersOptions } from './askers.js';
import { Authority } from './authority.js';
import {
  addressData,
  aliasAddresses,
  aliasTarget,
  portData,
  serviceAddresses,
  taskAddresses,
  vipPorts,
  zoneNames,
  type PortData,
  type ZoneNames,
} from './data.js';
import type { Datum } from './datum.js';
import { LabelTree } from './label-tree.js';
import { locate } from './locate.js';
import { below, type Located, type LocateContext, type Sought } from './located.js';
import { DENIED_ZONES, localZoneOf, openedZones, parentHasDs } from './local-zones.js';
import { fromTexts } from './prepared.js';
import { indexRecords } from './static-records.js';
import { packagedTopLevelDomains } from './top-level-domains.js';

export interface ZoneOptions extends AskersOptions {
  readonly catalog: Pick<CatalogReader, 'snapshot'>;
  /** For example `rancher.internal`. */
  readonly domain: string;
  /** TTL in seconds of existing data. */
  readonly ttl: number;
  /** TTL in seconds of denials: the SOA's MINIMUM (RFC 2308 section 4). */
  readonly negativeTtl: number;
  /** Addresses of the name server itself. */
  readonly nameServers: readonly string[];
  /** Added to the revision to make the SOA's serial, so that it also grows across restarts. */
  readonly serialBase: number;
  /** Hears which services are asked for. */
  readonly demand?: Pick<Demand, 'use' | 'matters'>;
  /** Configured records, for names inside and outside the domain. */
  readonly records?: readonly StaticRecord[];
  /** Lower-case names with upstreams of their own. Foreign names at or below them are forwarded, never denied. */
  readonly forwardSuffixes?: readonly string[];
  /** Lower-case names from the host's search list. Names at or below them are forwarded, never denied. */
  readonly searchSuffixes?: readonly string[];
  /** Labels that are delegated in the DNS root. By default those that come with Fairlead. */
  readonly topLevelDomains?: ReadonlySet<string>;
}

/** The longest chain of CNAMEs inside the zone. */
const MAX_CHAIN = 16;

/** One name on the way to an answer. */
interface Ask {
  readonly snapshot: Snapshot;
  readonly view: View;
  readonly owner: DnsName;
  readonly labels: readonly string[];
  readonly type: number;
  /** The CNAMEs that led here. */
  readonly chain: readonly ResourceRecord[];
  readonly sought?: Sought | undefined;
}

interface Data {
  readonly data: readonly Datum[];
  readonly additionals?: readonly ResourceRecord[];
}

/**
 * Answers for the domain, for short names, for the reverse names of our addresses, for static records, and for the
 * zones about which no server may be asked. The source address identifies the client, `locate` finds the meaning of the
 * name, and `reach` decides what this client may see.
 */
export class Zone implements Resolver {
  readonly #options: ZoneOptions;
  readonly #domain: readonly string[];
  readonly #names: ZoneNames;
  readonly #authority: Authority;
  readonly #askers: Askers;
  readonly #context: Omit<LocateContext, 'snapshot' | 'view'>;

  /** @throws RangeError when the domain is not a DNS name */
  constructor(options: ZoneOptions) {
    this.#options = options;
    this.#domain = options.domain.split('.');
    this.#names = zoneNames(this.#domain);
    this.#authority = new Authority({ ...options, domain: this.#domain });
    this.#askers = new Askers(options);
    const forwards = new LabelTree<true>();
    for (const suffix of options.forwardSuffixes ?? []) forwards.set(suffix.split('.'), true);
    this.#context = {
      domain: this.#domain,
      records: indexRecords(options.records ?? [], options.ttl),
      forwards,
      opened: openedZones(options.searchSuffixes ?? [], this.#domain),
      topLevelDomains: options.topLevelDomains ?? packagedTopLevelDomains,
    };
  }

  resolve(
    question: Question,
    { address, hasWaited = false }: { readonly address: string; readonly hasWaited?: boolean },
  ): Resolution {
    const { catalog, demand } = this.#options;
    const { snapshot } = catalog;
    const view = this.#askers.viewOf(snapshot, address);
    if (!view) return { kind: 'drop' };
    if (hasWaited || demand?.matters !== true) return this.resolveFor(snapshot, view, question);
    const coming: Promise<void>[] = [];
    const resolution = this.resolveFor(snapshot, view, question, (ref, isFound) => {
      // Every name of two labels is looked up in this way, those of the Internet too.
      const isUnlikely = this.#context.topLevelDomains.has(ref.stack);
      const until = demand.use(ref, isUnlikely ? 'unlikely' : 'likely');
      if (until && !isFound) coming.push(until);
    });
    if (coming.length === 0) return resolution;
    return { kind: 'await', until: Promise.all(coming).then(() => undefined) };
  }

  serves({ address }: { readonly address: string }): boolean {
    return this.#askers.viewOf(this.#options.catalog.snapshot, address) !== undefined;
  }

  /** The zones that are denied here, and the names in them that go upstream all the same, configured or built in. */
  zones(): { readonly denied: readonly string[]; readonly opened: readonly string[] } {
    const { forwards, opened } = this.#context;
    const names = new Set([...opened.names(), ...forwards.names()].map((labels) => labels.join('.')));
    return {
      denied: DENIED_ZONES.filter((zone) => !names.has(zone)),
      opened: [...names].filter((name) => localZoneOf(name.split('.')) !== undefined),
    };
  }

  /** Like {@link resolve}, for a view that the caller has chosen. */
  resolveFor(snapshot: Snapshot, view: View, { name, labels, type }: Question, sought?: Sought): Resolution {
    // Copied, because the question's name may be a view of a receive buffer, and an answer can outlive it.
    const ask: Ask = { snapshot, view, owner: name.slice(), labels, type, chain: [], sought };
    return this.#answer(ask, this.locateFor(snapshot, view, labels, { sought }));
  }

  /** The meaning of a name for a view, as {@link resolveFor} would find it. */
  locateFor(
    snapshot: Snapshot,
    view: View,
    labels: readonly string[],
    { steps, absolute, sought }: Pick<LocateContext, 'steps' | 'absolute' | 'sought'> = {},
  ): Located {
    const { domain, records, forwards, opened, topLevelDomains } = this.#context;
    return locate(
      { snapshot, view, domain, records, forwards, opened, topLevelDomains, absolute, steps, sought },
      labels,
    );
  }

  #answer(ask: Ask, located: Located): Resolution {
    const { snapshot, view, type } = ask;
    if (located.kind === 'foreign' || (located.kind === 'apex' && isForParent(located.zone, type)))
      return this.#elsewhere(ask);
    if (located.kind === 'absent') return this.#deny(ask, RCODE.NXDOMAIN, located);
    // RFC 8482 section 4.2: one small record, the same over UDP and TCP.
    if (type === TYPE.ANY) return this.#positive(ask, { data: [MINIMAL] });
    if (located.kind === 'static') return this.#answerStatic(ask, located);
    const target = located.kind === 'service' ? aliasTarget(snapshot, located.service) : undefined;
    if (target) return this.#alias(ask, target, this.#options.ttl);
    const found = this.#data(snapshot, view, located, type);
    return found.data.length === 0 ? this.#deny(ask, RCODE.NOERROR, located) : this.#positive(ask, found);
  }

  #answerStatic(ask: Ask, located: Extract<Located, { kind: 'static' }>): Resolution {
    const resolution = this.#answerRecords(ask, located);
    const { owner } = located.name;
    const wildcard = owner.startsWith('*.') ? nameFromLabels(owner.split('.')) : undefined;
    return wildcard && resolution.kind === 'answer' ? { ...resolution, wildcard } : resolution;
  }

  #answerRecords(ask: Ask, located: Extract<Located, { kind: 'static' }>): Resolution {
    const { name, beside } = located;
    const alias = name.sets.get(TYPE.CNAME);
    const [link] = alias?.data ?? [];
    if (alias && link?.rdata.kind === 'cname') return this.#alias(ask, link.rdata.target, alias.ttl);
    const set = name.sets.get(ask.type);
    if (set)
      return this.#positive(ask, { data: set.data, additionals: this.#targets(ask, set.data) }, set.ttl);
    const isAlone = beside.kind === 'absent' || beside.kind === 'foreign';
    return isAlone ? this.#deny(ask, RCODE.NOERROR, located) : this.#answer(ask, beside);
  }

  /** Targets of records are full names, never short ones. */
  #alias(ask: Ask, target: DnsName, ttl: number): Resolution {
    const { snapshot, view, owner, type, sought } = ask;
    const rdata = { kind: 'cname', target } as const;
    const chain = [...ask.chain, { owner, type: TYPE.CNAME, class: CLASS.IN, ttl, rdata }];
    if (type === TYPE.CNAME) return answerOf(chain);
    if (chain.length > MAX_CHAIN) {
      const ede = { code: EDE.OTHER, text: 'CNAME loop' };
      return { ...answerOf([]), rcode: RCODE.SERVFAIL, ede };
    }
    const labels = labelsOf(lowerCaseName(target));
    const located = this.locateFor(snapshot, view, labels, { absolute: true, sought });
    return this.#answer({ ...ask, owner: target, labels, chain }, located);
  }

  /** The addresses of the targets of SRV and MX records, as far as they are ours, each target once. */
  #targets({ snapshot, view }: Ask, data: readonly Datum[]): readonly ResourceRecord[] {
    const targets = new Map(
      data.flatMap(({ rdata }) => {
        const target = targetOf(rdata);
        return target ? [[labelsOf(target).join('.'), target] as const] : [];
      }),
    );
    return [...targets.values()].flatMap((target) => {
      const labels = labelsOf(target);
      const located = this.locateFor(snapshot, view, labels, { absolute: true });
      return [TYPE.A, TYPE.AAAA].flatMap((type) => {
        const found = this.#answer({ snapshot, view, owner: target, labels, type, chain: [] }, located);
        const answers = found.kind === 'answer' ? found.answers : [];
        // A target must not be an alias (RFC 2782).
        return answers.every((record) => record.type === type) ? answers : [];
      });
    });
  }

  #data(
    snapshot: Snapshot,
    view: View,
    located: Exclude<Located, { kind: 'foreign' | 'absent' | 'static' }>,
    type: number,
  ): Data {
    switch (located.kind) {
      case 'service':
        if (type === TYPE.SRV) return this.#servicePorts(snapshot, view, located);
        return { data: serviceAddresses(snapshot, located.service, located.give, view, type) };
      case 'tasks':
        return { data: taskAddresses(snapshot, located.tasks, view, type) };
      case 'aliases':
        return { data: aliasAddresses(snapshot, located.members, view, type) };
      case 'addresses':
        return { data: addressData(fromTexts(located.ips), type) };
      case 'name-server':
        return { data: this.#authority.addresses(type) };
      case 'port':
        if (type !== TYPE.SRV) return { data: [] };
        return this.#ports(portData(snapshot, located.service, view, located.port, this.#names));
      case 'pointer': {
        const target = nameFromLabels(located.target);
        return { data: target && type === TYPE.PTR ? [{ type, rdata: { kind: 'ptr', target } }] : [] };
      }
      case 'apex':
        return this.#authority.apex(snapshot, type);
      case 'empty':
        return { data: [] };
    }
  }

  /** SRV at a service's own name: all its ports, as in Consul's answers. */
  #servicePorts(
    snapshot: Snapshot,
    view: View,
    { service, give }: Extract<Located, { kind: 'service' }>,
  ): Data {
    return this.#ports(
      give === 'vip'
        ? vipPorts(service, this.#names.vip(service))
        : portData(snapshot, service, view, 'all', this.#names),
    );
  }

  #ports({ data, targets }: PortData): Data {
    const additionals = [...targets].flatMap(([target, addresses]) =>
      [TYPE.A, TYPE.AAAA].flatMap((each) =>
        addressData(addresses, each).map((datum) => this.#record(target, datum)),
      ),
    );
    return { data, additionals };
  }

  #elsewhere({ view: { upstreams }, owner, chain }: Ask): Resolution {
    const whose = upstreams ? { upstreams } : {};
    if (chain.length === 0) return { kind: 'forward', ...whose };
    return { ...answerOf(chain), chase: owner, ...whose };
  }

  #positive({ owner, chain }: Ask, { data, additionals = [] }: Data, ttl = this.#options.ttl): Resolution {
    const answers = [...chain, ...data.map((datum) => this.#record(owner, datum, ttl))];
    return { ...answerOf(answers), ...(additionals.length > 0 && { additionals }) };
  }

  #deny({ snapshot, labels, chain }: Ask, rcode: number, located: Located): Resolution {
    const { certain, awaited } = located;
    const zone = located.zone ?? (below(labels, this.#domain) && this.#domain);
    return this.#authority.deny(
      snapshot,
      rcode,
      labels,
      { ...(zone && { zone }), ...(certain && { certain }), ...(awaited && { awaited }) },
      chain,
    );
  }

  #record(owner: DnsName, { type, rdata }: Datum, ttl = this.#options.ttl): ResourceRecord {
    return { owner, type, class: CLASS.IN, ttl, rdata };
  }
}

function answerOf(answers: readonly ResourceRecord[]): Extract<Resolution, { kind: 'answer' }> {
  return { kind: 'answer', rcode: RCODE.NOERROR, aa: true, answers, authority: [] };
}

function isForParent(zone: readonly string[], type: number): boolean {
  return type === TYPE.DS && parentHasDs(zone);
}

/** RFC 8482 section 4.2. */
const MINIMAL: Datum = {
  type: TYPE.HINFO,
  rdata: { kind: 'hinfo', cpu: Buffer.from('RFC8482'), os: new Uint8Array() },
};
