import { formatHostPort } from '../../net/ip.js';
import type { NftPart } from '../../linux/nft-table.js';
import { servicePart, type KernelService } from '../../linux/vip-kernel-table.js';
import { Carriages, type Carriage } from '../nftables/carriage.js';
import type { VirtualService } from '../plane.js';
import { isIpvsScheduler } from './ipvs-services.js';

/** Decides what IPVS carries: of the same clients as rules of nftables do, but by more schedulers, and with limits. */
export class IpvsCarriages extends Carriages {
  override of(service: VirtualService): Carriage {
    const { scheduler, backends, vip } = service;
    if (vip.includes(':')) return { why: 'IPVS is used for IPv4 only', isAsked: true };
    if (!isIpvsScheduler(scheduler)) return { why: `IPVS has no scheduler ${scheduler}`, isAsked: true };
    // Which task is chosen is IPVS's to decide.
    return super.of({
      ...service,
      scheduler: 'rr',
      backends: backends.map(({ maxConnections: _, ...backend }) => backend),
    });
  }
}

/**
 * The rules that leave a port's connections to IPVS: they go to the address that they are for, which keeps later rules,
 * such as Docker's for published ports, from leading them elsewhere.
 */
export function ipvsPart(family: 'ip' | 'ip6', service: KernelService): NftPart {
  const { members = new Map(), chains = new Map() } = servicePart(family, service);
  const { vip, port, protocol } = service;
  const stay = `meta l4proto ${protocol} dnat to ${formatHostPort({ ip: vip, port })}`;
  return {
    members: new Map([...members].filter(([set]) => set !== 'slots' && set !== 'tasks')),
    chains: new Map(Array.from(chains.keys(), (chain) => [chain, [stay]])),
  };
}
