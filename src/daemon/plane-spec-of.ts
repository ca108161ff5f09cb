import { ipvsPlaneSpec } from '../balancer/ipvs/ipvs-plane.js';
import { nftablesPlaneSpec } from '../balancer/nftables/nftables-plane.js';
import type { PlaneSpec } from '../balancer/plane.js';
import { proxyPlaneSpec } from '../balancer/proxy/proxy-plane.js';
import type { Config } from '../config/config-model.js';

type VipConfig = Exclude<Config['vip'], undefined>;

/** What carries virtual IPs. */
export type DataPlaneChoice = VipConfig['dataPlane'];

/** The choice of a configuration; while virtual IPs are off, the default. */
export function choiceOf({ vip }: Config): DataPlaneChoice {
  return vip?.dataPlane ?? 'proxy';
}

/** The kind of data plane that was chosen. @param started the configuration that the daemon started with */
export function planeSpecOf(choice: DataPlaneChoice, { vip }: Config): PlaneSpec {
  const { native = 'auto', workers = 1 } = vip ?? {};
  const proxy = { udp: { batches: native === 'auto' }, native: native === 'auto' && { workers } };
  if (choice === 'proxy') return proxyPlaneSpec(proxy);
  return choice === 'ipvs'
    ? ipvsPlaneSpec({ proxy })
    : nftablesPlaneSpec({ proxy, isChosen: choice === 'nftables' });
}
