import type { Snapshot } from '../../catalog/snapshot.js';
import type { Resolution } from '../resolver.js';
import { CLASS, EDE, RCODE, TYPE } from '../../wire/constants.js';
import { nameFromLabels, ROOT, type DnsName } from '../../wire/name.js';
import type { ResourceRecord } from '../../wire/resource-record.js';
import { addressData } from './data.js';
import type { Datum } from './datum.js';
import type { Located } from './located.js';
import { fromTexts } from './prepared.js';

export interface AuthorityOptions {
  /** Labels, lower case. */
  readonly domain: readonly string[];
  /** TTL in seconds of existing data. */
  readonly ttl: number;
  /** TTL in seconds of denials: the SOA's MINIMUM (RFC 2308 section 4). */
  readonly negativeTtl: number;
  /** Addresses of the name server itself. */
  readonly nameServers: readonly string[];
  /** Added to the revision to make the SOA's serial, so that it also grows across restarts. */
  readonly serialBase: number;
}

type Answer = Extract<Resolution, { kind: 'answer' }>;

/** A zone's data about itself, and its denials. */
export class Authority {
  readonly #options: AuthorityOptions;
  readonly #nameServer: DnsName;
  readonly #hostmaster: DnsName;

  /** @throws RangeError when the domain is not a DNS name */
  constructor(options: AuthorityOptions) {
    this.#options = options;
    this.#nameServer = required(['ns', ...options.domain]);
    this.#hostmaster = required(['hostmaster', ...options.domain]);
  }

  /** Data at the top of any zone of ours, and the addresses of the name server in it. */
  apex(
    snapshot: Snapshot,
    type: number,
  ): { readonly data: readonly Datum[]; readonly additionals: readonly ResourceRecord[] } {
    if (type === TYPE.SOA) return { data: [this.#soa(snapshot)], additionals: [] };
    if (type !== TYPE.NS) return { data: [], additionals: [] };
    const additionals = [TYPE.A, TYPE.AAAA].flatMap((each) =>
      this.addresses(each).map((datum): ResourceRecord => ({
        ...datum,
        owner: this.#nameServer,
        class: CLASS.IN,
        ttl: this.#options.ttl,
      })),
    );
    return { data: [{ type, rdata: { kind: 'ns', target: this.#nameServer } }], additionals };
  }

  /** A or AAAA data of the name server. */
  addresses(type: number): readonly Datum[] {
    return addressData(fromTexts(this.#options.nameServers), type);
  }

  /**
   * Denies a name (NXDOMAIN), or data of a type (NOERROR). While facts are still missing, names that may turn out to
   * exist are not denied, because the client would cache the denial.
   * @param answers the CNAMEs that led to the name
   */
  deny(
    snapshot: Snapshot,
    rcode: number,
    labels: readonly string[],
    { zone, certain, awaited }: Pick<Located, 'zone' | 'certain' | 'awaited'>,
    answers: readonly ResourceRecord[],
  ): Answer {
    if (awaited || (!snapshot.loaded && !certain)) {
      const text = awaited ? 'a source of other hosts has not reported yet' : 'the catalog is still loading';
      const ede = { code: EDE.NOT_READY, text };
      return { kind: 'answer', rcode: RCODE.SERVFAIL, aa: false, answers: [], authority: [], ede };
    }
    const { type, rdata } = this.#soa(snapshot);
    // The owner must be an ancestor of the name; otherwise caches would not accept the SOA (RFC 2308 section 5).
    const owner = nameFromLabels(zone ?? labels.slice(1)) ?? ROOT;
    const ttl = Math.min(this.#options.ttl, this.#options.negativeTtl);
    const soa = { owner, type, class: CLASS.IN, ttl, rdata };
    return { kind: 'answer', rcode, aa: true, answers, authority: [soa] };
  }

  #soa(snapshot: Snapshot): Datum {
    const serial = (this.#options.serialBase + snapshot.revision) >>> 0;
    const times = { refresh: 60, retry: 10, expire: 86400, minimum: this.#options.negativeTtl };
    return {
      type: TYPE.SOA,
      rdata: { kind: 'soa', mname: this.#nameServer, rname: this.#hostmaster, serial, ...times },
    };
  }
}

function required(labels: readonly string[]): DnsName {
  const name = nameFromLabels(labels);
  if (!name) throw new RangeError(`${labels.join('.')} is not a DNS name`);
  return name;
}
