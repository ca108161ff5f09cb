import { ownAddresses } from '../../linux/own-addresses.js';
import { parseCidr, type Cidr } from '../../net/ip.js';
import type { ClientNetwork, ClientNetworks, ClientRule } from '../plane.js';

/** Where a client is: the host itself, beyond it, or on networks. */
type Whereabouts = 'host' | 'outside' | { readonly networks: readonly string[]; readonly hasHost: boolean };

/** How many are remembered. Only forged source addresses make more. */
const REMEMBERED = 10_000;
/** Addresses that connections to one task come from beside the usual one; more would take long to look through. */
const MAX_SOURCES = 15;
/** How often at most the host's interfaces are looked at, in ms: they may have an address that is new. */
const LOOK_MS = 1000;

/** Decides by address whose connections a virtual service accepts. */
export class ClientTable {
  readonly #networks: readonly (ClientNetwork & { readonly ranges: readonly Cidr[] })[];
  readonly #byId: ReadonlyMap<string, ClientNetwork>;
  readonly #addresses: ReadonlyMap<string, readonly string[]>;
  readonly #host: readonly Cidr[];
  readonly #external: readonly Cidr[];
  readonly #sources: readonly string[];
  readonly #known = new Map<string, Whereabouts>();
  readonly #hostAddresses: () => readonly string[];
  #own: readonly string[] = [];
  #lookedAt = -Infinity;

  /** @param hostAddresses the current addresses of this host's interfaces */
  constructor({ networks, addresses, host, external }: ClientNetworks, hostAddresses = ownAddresses) {
    this.#hostAddresses = hostAddresses;
    this.#networks = networks.map((each) => ({ ...each, ranges: ranges(each.subnets) }));
    this.#byId = new Map(networks.map((each) => [each.id, each]));
    this.#addresses = new Map(addresses);
    this.#host = ranges(host);
    // Of an address that is one machine's own on each link, the interface would have to be said.
    this.#sources = host
      .filter((each) => !/\/|^127\.|^::1$|^169\.254\.|^fe80:/.test(each))
      .slice(0, MAX_SOURCES);
    this.#external = ranges(external);
  }

  /** @param address of the client, canonical */
  admits(rule: ClientRule | undefined, address: string): boolean {
    if (!rule) return true;
    const where = this.#whereIs(address);
    if (typeof where === 'string') return where === 'host';
    if (rule.everyone || (rule.hostPort && where.hasHost)) return true;
    return where.networks.some((id) => rule.networks.includes(id));
  }

  /** Addresses of this host that a task at an address can answer, other than the one that the kernel chooses. */
  spareSources(address: string): readonly string[] {
    const where = this.#whereIs(address);
    if (where === 'outside' || (where !== 'host' && !where.hasHost)) return [];
    const isIp6 = address.includes(':');
    return this.#sources.filter((each) => each.includes(':') === isIp6);
  }

  #whereIs(address: string): Whereabouts {
    let known = this.#known.get(address);
    if (known === undefined) {
      if (this.#known.size >= REMEMBERED) this.#known.clear();
      known = this.#find(address);
      if (known !== 'outside') this.#known.set(address, known);
    }
    return known;
  }

  #find(address: string): Whereabouts {
    const isIn = (cidrs: readonly Cidr[]): boolean => cidrs.some((each) => each.contains(address));
    if (isIn(this.#host)) return 'host';
    const ids = this.#addresses.get(address);
    if (ids) return { networks: ids, hasHost: ids.some((id) => this.#byId.get(id)?.hasHost === true) };
    const network = this.#networks.find((each) => isIn(each.ranges));
    if (network) return { networks: [network.id], hasHost: network.hasHost };
    // Clients beyond the host are not distinguished: each sees what the host sees.
    return isIn(this.#external) || this.#isOwn(address) ? 'host' : 'outside';
  }

  #isOwn(address: string): boolean {
    const now = performance.now();
    if (now - this.#lookedAt >= LOOK_MS) {
      this.#lookedAt = now;
      this.#own = this.#hostAddresses();
    }
    return this.#own.includes(address);
  }
}

function ranges(texts: readonly string[]): readonly Cidr[] {
  return texts.map((text) => parseCidr(text)).filter((cidr) => cidr !== undefined);
}
