import { parseCidr, type Cidr } from '../../net/ip.js';
import type { KernelClients, KernelService } from '../../linux/vip-kernel-table.js';
import type { ClientNetwork, ClientNetworks, VirtualService } from '../plane.js';
import { choosesInKernel, kernelChoice } from './slots.js';
import { nameOf, openWays, type Way, type WayEnd, type Ways } from './ways.js';

/** What the kernel of this host can do. */
export interface KernelTerms {
  /** Whether frames between the ports of a bridge pass the rules for packets. */
  readonly bridgesFiltered: boolean;
  /** Why packets are not led from a bridge back into it; undefined: they are. */
  readonly unbridged?: string;
  /** Why datagrams are not led; undefined: they are. */
  readonly noUdp?: string;
  /** What is known of the ways from one bridge to another; undefined: none is used. */
  readonly ways?: Ways;
}

/** How one port of a virtual IP is carried. */
export type Carriage =
  | {
      readonly service: KernelService;
      /** The bridges of clients whose connections are the proxy's. */
      readonly left: readonly LeftBridge[];
    }
  /** The proxy carries all of it. `why` completes "the proxy carries it, because". */
  | { readonly why: string; readonly isAsked: boolean };

/** A bridge whose clients may use a service and are the proxy's; `why` completes "because". */
export interface LeftBridge {
  readonly bridge: string;
  readonly why: string;
}

interface Network extends ClientNetwork {
  readonly ranges: readonly Cidr[];
}

/**
 * Decides what the kernel carries: connections of the host itself, those within one bridge, and those from one bridge
 * to another where a way was found open. Whatever it does not carry goes to the proxy, whose own connections no rule of
 * Docker forbids.
 */
export class Carriages {
  readonly #terms: KernelTerms;
  readonly #asked = new Map<string, Way>();
  readonly #family: 'ip' | 'ip6';
  readonly #networks: readonly Network[];
  readonly #known = new Map<string, Network | undefined>();
  /** What is the same for all services. */
  readonly clients: KernelClients;
  readonly admitted: ClientNetworks;

  constructor(clients: ClientNetworks, terms: KernelTerms, family: 'ip' | 'ip6') {
    this.admitted = clients;
    this.#terms = terms;
    this.#family = family;
    this.#networks = clients.networks.map((each) => ({ ...each, ranges: rangesOf(each.subnets, family) }));
    this.clients = this.#clientsOf(clients);
  }

  /** The ways that services asked for so far would have connections take, by name. */
  get asked(): ReadonlyMap<string, Way> {
    return this.#asked;
  }

  of(service: VirtualService): Carriage {
    const why = this.#refusal(service);
    if (why !== undefined) return { why, isAsked: true };
    const choice = kernelChoice(service);
    if (!choice) return { why: 'no task takes connections', isAsked: false };
    if (service.vip.includes(':') !== (this.#family === 'ip6'))
      return { why: 'its address is not of the pool', isAsked: false };
    const addresses = Array.from(choice.tasks.values(), ({ ip }) => ip);
    const networks = [...new Set(addresses.map((address) => this.#networkOf(address)))].filter(hasBridge);
    if (addresses.some((address) => this.#networkOf(address)?.bridge === undefined))
      return { why: 'not all of its tasks are on a bridge of this host', isAsked: false };
    const { vip, port, protocol, affinity, backends } = service;
    const { bridges, left } = this.#split(service, networks);
    return {
      service: {
        ...{ vip, port, protocol, ...choice, host: true, bridges },
        // Of a frame that would go back to the port that it came from, a bridge makes nothing.
        selves: this.#terms.bridgesFiltered ? [...new Set(backends.map(({ address }) => address.ip))] : [],
        ...(affinity && { affinity: affinity.timeout }),
      },
      left,
    };
  }

  /** @param networks those of its tasks */
  #split(
    service: VirtualService,
    networks: readonly BridgedNetwork[],
  ): { readonly bridges: readonly string[]; readonly left: readonly LeftBridge[] } {
    const bridges: string[] = [];
    const left: LeftBridge[] = [];
    for (const from of this.#networks.filter(hasBridge)) {
      if (!mayUse(service, from)) continue;
      const obstacle = networks.map((to) => this.#obstacle(from, to)).find((why) => why !== undefined);
      if (obstacle === undefined) bridges.push(from.bridge);
      else left.push({ bridge: from.bridge, why: obstacle });
    }
    return { bridges, left };
  }

  /** Why the kernel leads no connection from one network to another. */
  #obstacle(from: BridgedNetwork, to: BridgedNetwork): string | undefined {
    if (from === to) return isUsable(to) ? this.#terms.unbridged : 'its containers are kept apart';
    const { ways } = this.#terms;
    if (!ways) return 'only the proxy carries connections to another bridge';
    if (!from.hasHost || !to.hasHost) return 'an internal network is never opened';
    const way = { from: endOf(from), to: endOf(to) };
    const name = nameOf(way);
    this.#asked.set(name, way);
    const state = ways.states.get(name);
    if (!state) return `the way to ${to.bridge} has not been tried yet`;
    return state.isOpen ? undefined : state.why;
  }

  #refusal(service: VirtualService): string | undefined {
    const { scheduler, maxConnections, maxPerClient, proxyProtocol, acceptProxy, protocol } = service;
    const { replies, ops, timeouts = {}, backends } = service;
    if (!choosesInKernel(scheduler))
      return `the scheduler ${scheduler} needs to know how many connections are open`;
    if (maxConnections ?? maxPerClient ?? backends.find((each) => each.maxConnections)?.maxConnections)
      return 'it has a limit of open connections';
    if (proxyProtocol !== undefined || acceptProxy) return 'it has PROXY headers';
    if (timeouts.idle) return 'it has an idle timeout';
    if (protocol === 'udp' && replies) return 'its sessions end after a number of replies';
    if (protocol === 'udp' && ops) return 'it chooses a task for each datagram';
    if (protocol === 'udp') return this.#terms.noUdp;
    return undefined;
  }

  #networkOf(address: string): Network | undefined {
    if (this.#known.has(address)) return this.#known.get(address);
    const found = this.#networks.find(({ ranges }) => ranges.some((range) => range.contains(address)));
    this.#known.set(address, found);
    return found;
  }

  #clientsOf({ addresses, networks }: ClientNetworks): KernelClients {
    const isOurs = (text: string): boolean => text.includes(':') === (this.#family === 'ip6');
    const { unbridged, bridgesFiltered, ways } = this.#terms;
    const within = unbridged === undefined ? this.#networks.filter(isUsable).filter(hasBridge) : [];
    const own = new Set(within.map(({ bridge }) => bridge));
    const crossings = openWays(ways);
    const bridges = new Set([...own, ...crossings.map(({ from }) => from)]);
    // A client that is not on the network that its address tells: the proxy knows better.
    const isElsewhere = ([address, ids]: ClientNetworks['addresses'][number]): boolean => {
      const network = isOurs(address) ? this.#networkOf(address) : undefined;
      return network !== undefined && !ids.includes(network.id);
    };
    return {
      homes: networks.flatMap(({ bridge, subnets }) =>
        bridge !== undefined && bridges.has(bridge)
          ? [...new Set(subnets)].filter(isOurs).map((subnet) => ({ bridge, subnet }))
          : [],
      ),
      apart: addresses.filter(isElsewhere).map(([address]) => address),
      masqueraded: bridgesFiltered ? [] : [...own],
      crossings,
      several:
        crossings.length > 0
          ? addresses
              .filter(isOnSeveral)
              .map(([address]) => address)
              .filter(isOurs)
          : [],
      ...(ways?.mark && { mark: ways.mark }),
    };
  }
}

/** Whether clients on a network may use a service. */
function mayUse({ clients: rule }: VirtualService, network: Network): boolean {
  if (!rule || rule.everyone) return true;
  return rule.networks.includes(network.id) || (rule.hostPort && network.hasHost);
}

/** From one address of several, replies may go past the host. */
function isOnSeveral([, networks]: ClientNetworks['addresses'][number]): boolean {
  return networks.length > 1;
}

function endOf({ id, bridge, ranges }: BridgedNetwork): WayEnd {
  return { network: id, bridge, subnets: ranges.map(({ text }) => text) };
}

type BridgedNetwork = Network & { readonly bridge: string };

function hasBridge<T extends { readonly bridge?: string } | undefined>(
  network: T,
): network is T & { readonly bridge: string } {
  return network?.bridge !== undefined;
}

function isUsable({ bridge, separate }: ClientNetwork): boolean {
  return bridge !== undefined && !separate;
}

function rangesOf(subnets: readonly string[], family: 'ip' | 'ip6'): readonly Cidr[] {
  return subnets
    .filter((subnet) => subnet.includes(':') === (family === 'ip6'))
    .map((subnet) => parseCidr(subnet))
    .filter((range) => range !== undefined);
}
