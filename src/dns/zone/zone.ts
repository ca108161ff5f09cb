import { viewOf, type CatalogReader, type Snapshot, type View } from '../../catalog/index.js';
import type { Cidr } from '../../net/ip.js';
import type { Question, Resolution, Resolver } from '../server/resolver.js';
import { CLASS, EDE, RCODE, TYPE } from '../wire/constants.js';
import { labelsOf, nameFromLabels, ROOT, type DnsName } from '../wire/name.js';
import type { ResourceRecord } from '../wire/records.js';
import {
  addressData,
  aliasTarget,
  portData,
  serviceAddresses,
  taskAddresses,
  zoneNames,
  type Datum,
  type ZoneNames,
} from './data.js';
import { locate } from './locate.js';
import type { Located } from './located.js';
import { fromTexts } from './prepared.js';

export interface ZoneOptions {
  readonly catalog: Pick<CatalogReader, 'snapshot'>;
  /** `rancher.internal`. */
  readonly domain: string;
  /** The environment of clients whose own is not known. */
  readonly environment: string;
  /** Seconds, for what exists. */
  readonly ttl: number;
  /** Seconds, for what does not: the SOA's MINIMUM (RFC 2308 section 4). */
  readonly negativeTtl: number;
  /** Addresses of the name server itself. */
  readonly nameServers: readonly string[];
  /** Whose queries are answered; absent: everybody's. */
  readonly allow?: readonly Cidr[];
  /** Added to the revision to make the SOA's serial, so that it grows over restarts too. */
  readonly serialBase: number;
}

/** Longest chain of CNAMEs inside the zone. */
const MAX_CHAIN = 8;

interface Chain {
  readonly answers: ResourceRecord[];
  readonly additionals: ResourceRecord[];
}

/**
 * Answers for the domain, for short names and for the reverse names of our addresses: who asks is found by source
 * address, what the name means by `locate`, and what this client may see of it by `reach`.
 */
export class Zone implements Resolver {
  readonly #options: ZoneOptions;
  readonly #domain: readonly string[];
  readonly #names: ZoneNames;
  readonly #apex: DnsName;
  readonly #nameServer: DnsName;
  readonly #hostmaster: DnsName;

  /** @throws RangeError when the domain is no DNS name */
  constructor(options: ZoneOptions) {
    this.#options = options;
    this.#domain = options.domain.split('.');
    this.#names = zoneNames(this.#domain);
    this.#apex = required(nameFromLabels(this.#domain), options.domain);
    this.#nameServer = required(nameFromLabels(['ns', ...this.#domain]), `ns.${options.domain}`);
    this.#hostmaster = required(
      nameFromLabels(['hostmaster', ...this.#domain]),
      `hostmaster.${options.domain}`,
    );
  }

  resolve(question: Question, client: { readonly address: string }): Resolution {
    const { allow, catalog, environment } = this.#options;
    if (allow && !allow.some((range) => range.contains(client.address))) return { kind: 'drop' };
    const { snapshot } = catalog;
    return this.resolveFor(snapshot, viewOf(snapshot, client.address, environment), question);
  }

  /** As {@link resolve}, for a view that the caller has chosen. */
  resolveFor(snapshot: Snapshot, view: View, question: Question): Resolution {
    // The question's name may be a view of a receive buffer; an answer can outlive it.
    const owner = question.name.slice();
    return this.#follow(snapshot, view, owner, question.labels, question.type, {
      answers: [],
      additionals: [],
    });
  }

  /** What a name means to a view, as {@link resolveFor} would find it. */
  locateFor(
    snapshot: Snapshot,
    view: View,
    labels: readonly string[],
    steps?: Parameters<typeof locate>[0]['steps'],
  ): Located {
    return locate({ snapshot, view, domain: this.#domain, ...(steps && { steps }) }, labels);
  }

  #follow(
    snapshot: Snapshot,
    view: View,
    owner: DnsName,
    labels: readonly string[],
    type: number,
    chain: Chain,
  ): Resolution {
    const located = this.locateFor(snapshot, view, labels);
    if (located.kind === 'foreign') {
      return chain.answers.length === 0 ? { kind: 'forward' } : this.#positive(chain, owner);
    }
    if (located.kind === 'absent') return this.#negative(snapshot, RCODE.NXDOMAIN, labels, chain);
    const target = located.kind === 'service' ? aliasTarget(snapshot, located.service) : undefined;
    if (target && type !== TYPE.ANY) {
      chain.answers.push(this.#record(owner, { type: TYPE.CNAME, rdata: { kind: 'cname', target } }));
      if (type === TYPE.CNAME) return this.#positive(chain);
      if (chain.answers.length > MAX_CHAIN) {
        return {
          ...this.#positive({ ...chain, answers: [] }),
          rcode: RCODE.SERVFAIL,
          ede: { code: EDE.OTHER, text: 'CNAME loop' },
        };
      }
      return this.#follow(snapshot, view, target, labelsOf(target), type, chain);
    }
    const { data, additionals } = this.#data(snapshot, view, located, type);
    if (data.length === 0) return this.#negative(snapshot, RCODE.NOERROR, labels, chain);
    chain.answers.push(...data.map((datum) => this.#record(owner, datum)));
    chain.additionals.push(...additionals);
    return this.#positive(chain);
  }

  #data(
    snapshot: Snapshot,
    view: View,
    located: Exclude<Located, { kind: 'foreign' | 'absent' }>,
    type: number,
  ): { readonly data: readonly Datum[]; readonly additionals: readonly ResourceRecord[] } {
    const none = (data: readonly Datum[]) => ({ data, additionals: [] });
    // RFC 8482 section 4.2: one small record, the same over UDP and TCP.
    if (type === TYPE.ANY) return none([{ type: TYPE.HINFO, rdata: { kind: 'raw', bytes: RFC8482 } }]);
    switch (located.kind) {
      case 'service':
        return none(serviceAddresses(snapshot, located.service, view, type));
      case 'tasks':
        return none(taskAddresses(snapshot, located.tasks, view, type));
      case 'addresses':
        return none(addressData(fromTexts(located.ips), type));
      case 'name-server':
        return none(addressData(fromTexts(this.#options.nameServers), type));
      case 'port': {
        if (type !== TYPE.SRV) return none([]);
        const { data, targets } = portData(snapshot, located.service, view, located.port, this.#names);
        const additionals = [...targets].flatMap(([target, addresses]) =>
          [TYPE.A, TYPE.AAAA].flatMap((each) =>
            addressData(addresses, each).map((datum) => this.#record(target, datum)),
          ),
        );
        return { data, additionals };
      }
      case 'reverse': {
        const target = this.#names.task(located.task);
        return none(target && type === TYPE.PTR ? [{ type, rdata: { kind: 'ptr', target } }] : []);
      }
      case 'apex': {
        if (type === TYPE.SOA) return none([this.#soa(snapshot)]);
        if (type !== TYPE.NS) return none([]);
        const glue = fromTexts(this.#options.nameServers);
        return {
          data: [{ type, rdata: { kind: 'ns', target: this.#nameServer } }],
          additionals: [TYPE.A, TYPE.AAAA].flatMap((each) =>
            addressData(glue, each).map((datum) => this.#record(this.#nameServer, datum)),
          ),
        };
      }
      case 'vip':
      case 'empty':
        return none([]);
    }
  }

  #positive({ answers, additionals }: Chain, chase?: DnsName): Extract<Resolution, { kind: 'answer' }> {
    const base = { kind: 'answer', rcode: RCODE.NOERROR, aa: true, answers, authority: [] } as const;
    return { ...base, ...(additionals.length > 0 && { additionals }), ...(chase && { chase }) };
  }

  /** While facts are still to come nothing may be denied: a negative answer would be kept by the client. */
  #negative(snapshot: Snapshot, rcode: number, labels: readonly string[], chain: Chain): Resolution {
    if (!snapshot.loaded) {
      const ede = { code: EDE.NOT_READY, text: 'the catalog is still loading' };
      return { kind: 'answer', rcode: RCODE.SERVFAIL, aa: false, answers: [], authority: [], ede };
    }
    const { type, rdata } = this.#soa(snapshot);
    const owner = this.#zoneCut(labels);
    const ttl = Math.min(this.#options.ttl, this.#options.negativeTtl);
    const soa = { owner, type, class: CLASS.IN, ttl, rdata };
    return { kind: 'answer', rcode, aa: true, answers: chain.answers, authority: [soa] };
  }

  /** The zone that a denial speaks for: an ancestor of the name, or caches would not take the SOA (RFC 2308 section 5). */
  #zoneCut(labels: readonly string[]): DnsName {
    const atEnd = labels.slice(-this.#domain.length).join('.') === this.#options.domain;
    if (atEnd) return this.#apex;
    // Reverse zones are cut at /24 and /64; a short name is denied in the name of what stands above it.
    const kept = labels.at(-1) === 'arpa' ? labels.slice(labels.length > 6 ? 16 : 1) : labels.slice(1);
    return nameFromLabels(kept) ?? ROOT;
  }

  #soa(snapshot: Snapshot): Datum {
    const serial = (this.#options.serialBase + snapshot.revision) >>> 0;
    const minimum = this.#options.negativeTtl;
    const times = { refresh: 60, retry: 10, expire: 86400, minimum };
    return {
      type: TYPE.SOA,
      rdata: { kind: 'soa', mname: this.#nameServer, rname: this.#hostmaster, serial, ...times },
    };
  }

  #record(owner: DnsName, { type, rdata }: Datum): ResourceRecord {
    return { owner, type, class: CLASS.IN, ttl: this.#options.ttl, rdata };
  }
}

/** HINFO rdata: CPU "RFC8482", OS "". */
const RFC8482 = Uint8Array.from([7, ...Buffer.from('RFC8482', 'latin1'), 0]);

function required(name: DnsName | undefined, text: string): DnsName {
  if (!name) throw new RangeError(`${text} is no DNS name`);
  return name;
}
