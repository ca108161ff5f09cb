import { parseCidr, type Cidr } from '../../net/ip.js';
import type { KernelClients, KernelService } from '../../linux/vip-kernel-table.js';
import type { ClientNetwork, ClientNetworks, VirtualService } from '../plane.js';
import { choosesInKernel, kernelChoice } from './slots.js';

/** What the kernel of this host can do. */
export interface KernelTerms {
  /** Whether frames between the ports of a bridge pass the rules for packets. */
  readonly bridgesFiltered: boolean;
  /** Why packets are not led from a bridge back into it; undefined: they are. */
  readonly unbridged?: string;
  /** Why datagrams are not led; undefined: they are. */
  readonly noUdp?: string;
}

/** How one port of a virtual IP is carried. */
export type Carriage =
  | { readonly service: KernelService }
  /** The proxy carries all of it. `why` completes "the proxy carries it, because". */
  | { readonly why: string; readonly isAsked: boolean };

interface Network extends ClientNetwork {
  readonly ranges: readonly Cidr[];
}

/**
 * Decides what the kernel carries: connections within one bridge, and those of the host itself. Docker's own rules let
 * these pass. Whatever it does not carry goes to the proxy, whose own connections no rule of Docker forbids.
 */
export class Carriages {
  readonly #terms: KernelTerms;
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

  /** The interfaces on which connections are led back to where they came from. */
  get bridges(): readonly string[] {
    const usable = this.#terms.unbridged === undefined ? this.#networks.filter(isUsable) : [];
    return [...new Set(usable.map(({ bridge }) => bridge).filter((bridge) => bridge !== undefined))];
  }

  of(service: VirtualService): Carriage {
    const why = this.#refusal(service);
    if (why !== undefined) return { why, isAsked: true };
    const choice = kernelChoice(service);
    if (!choice) return { why: 'no task takes connections', isAsked: false };
    if (service.vip.includes(':') !== (this.#family === 'ip6'))
      return { why: 'its address is not of the pool', isAsked: false };
    const addresses = Array.from(choice.tasks.values(), ({ ip }) => ip);
    const networks = new Set(addresses.map((address) => this.#networkOf(address)));
    if ([...networks].some((each) => each?.bridge === undefined))
      return { why: 'not all of its tasks are on a bridge of this host', isAsked: false };
    const [network] = networks;
    const isWithin = networks.size === 1 && network && this.#isWithin(service, network);
    const { vip, port, protocol, affinity, backends } = service;
    return {
      service: {
        ...{ vip, port, protocol, ...choice, host: true },
        bridges: isWithin && network.bridge !== undefined ? [network.bridge] : [],
        // Of a frame that would go back to the port that it came from, a bridge makes nothing.
        selves: this.#terms.bridgesFiltered ? [...new Set(backends.map(({ address }) => address.ip))] : [],
        ...(affinity && { affinity: affinity.timeout }),
      },
    };
  }

  /** Whether clients on a network may use a service whose tasks are there, and the kernel leads them. */
  #isWithin({ clients: rule }: VirtualService, network: Network): boolean {
    if (this.#terms.unbridged !== undefined || !isUsable(network)) return false;
    if (!rule || rule.everyone) return true;
    return rule.networks.includes(network.id) || (rule.hostPort && network.hasHost);
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
    const bridges = new Set(this.bridges);
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
      masqueraded: this.#terms.bridgesFiltered ? [] : [...bridges],
    };
  }
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
