import { parseCidr, parseHostPort } from '../../net/ip.js';
import { countedTask } from '../../linux/vip-kernel-rules.js';
import { thisKernel, type KernelHost } from '../nftables/kernel-host.js';
import { nftablesPlaneSpec, type NftablesPlaneOptions } from '../nftables/nftables-plane.js';
import type { PlaneSpec } from '../plane.js';
import { IpvsCarriages, ipvsPart } from './ipvs-carriages.js';
import { IpvsDirector } from './ipvs-director.js';
import { thisIpvs, type IpvsHost } from './ipvs-host.js';

export interface IpvsPlaneOptions extends Omit<NftablesPlaneOptions, 'director' | 'isChosen'> {
  readonly ipvs?: IpvsHost;
}

/**
 * The plane that has IPVS choose tasks. Rules of nftables decide whose connections come to it, as each client network
 * may use it or not, and what they pass on the way; the proxy has all others.
 */
export function ipvsPlaneSpec(options: IpvsPlaneOptions): PlaneSpec {
  const { ipvs = thisIpvs, kernel = thisKernel, now = () => performance.now() } = options;
  const host: KernelHost = {
    ...kernel,
    tryKernelRules: async (pool) => (await ipvs.ipvsFault()) ?? (await kernel.tryKernelRules(pool)),
    // Replies have to come back to IPVS, so within a bridge the host is always the source.
    areBridgesFiltered: () => false,
    countConnections: async (pool) => countsOf(await ipvs.readIpvsStats(), pool),
  };
  return nftablesPlaneSpec({
    ...options,
    ...{ kernel: host, now, isChosen: true },
    director: {
      name: 'ipvs',
      carriages: IpvsCarriages,
      partOf: ipvsPart,
      open: (log) => new IpvsDirector({ ipvs, log, now }),
    },
  });
}

function countsOf(stats: ReadonlyMap<string, number>, pool: string): ReadonlyMap<string, number> {
  const range = parseCidr(pool);
  const counts = new Map<string, number>();
  for (const [name, count] of stats) {
    const [kind, at = '', to = ''] = name.split(' ');
    const [place, task] = [parseHostPort(at, 0), parseHostPort(to, 0)];
    if (!place || !task || range?.contains(place.ip) !== true) continue;
    const protocol = kind === '-u' ? 'udp' : 'tcp';
    counts.set(countedTask({ vip: place.ip, port: place.port, protocol }, task), count);
  }
  return counts;
}
