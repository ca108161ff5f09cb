import type { VirtualServiceInfo, VirtualTaskInfo } from '../api/ports.js';
import type { VipSettings } from '../api/types/vips.js';
import type {
  Backend,
  BackendCounters,
  VirtualService,
  VirtualServiceCounters,
} from '../balancer/data-plane.js';
import { formatHostPort } from '../net/ip.js';

type Place = Pick<VirtualService, 'vip' | 'port' | 'protocol'>;

/** As people write it: `10.43.0.1:80/tcp`. */
export function placeOf({ vip, port, protocol }: Place): string {
  return `${formatHostPort({ ip: vip, port })}/${protocol}`;
}

/**
 * What the API is told of a virtual service.
 * @param counters absent: the data plane does not carry it
 * @param problem why it does not
 */
export function infoOf(
  service: VirtualService,
  counters: VirtualServiceCounters | undefined,
  problem: string | undefined,
): VirtualServiceInfo {
  const { vip, port, protocol, scheduler } = service;
  const limits = new Map(service.backends.map(({ id, maxConnections }) => [id, maxConnections]));
  const backends = counters?.backends ?? service.backends.map(unused);
  const tasks = backends.map((each) => taskInfo(each, limits.get(each.id)));
  const takes = tasks.some(({ state }) => state === 'active' || state === 'full');
  const { active, total, bytesIn, bytesOut, refused, failed, retried } = counters ?? nothing;
  return {
    ...{ service: service.service, vip, port, protocol, scheduler },
    ...settingsOf(service),
    state: counters === undefined ? 'down' : takes ? 'up' : 'empty',
    ...(counters === undefined && problem !== undefined && { problem }),
    ...{ active, total, bytesIn, bytesOut, refused, failed, retried, tasks },
  };
}

function settingsOf(service: VirtualService): { readonly settings?: VipSettings } {
  const { maxConnections, maxPerClient, affinity, proxyProtocol, acceptProxy = false } = service;
  const settings: VipSettings = {
    ...(maxConnections !== undefined && { maxConnections }),
    ...(maxPerClient !== undefined && { maxPerClient }),
    ...(affinity && { affinity: affinity.timeout }),
    ...(proxyProtocol && { proxyProtocol }),
    ...(acceptProxy && { acceptProxy }),
  };
  return Object.keys(settings).length === 0 ? {} : { settings };
}

const nothing = { active: 0, total: 0, bytesIn: 0, bytesOut: 0, refused: 0, failed: 0, retried: 0 };

function unused({ id, name, address, weight, state }: Backend): BackendCounters {
  return { id, name, address, weight, state, active: 0, total: 0, bytesIn: 0, bytesOut: 0, errors: 0 };
}

function taskInfo(
  { id, address, state, ...counters }: BackendCounters,
  limit: number | undefined,
): VirtualTaskInfo {
  const isFull = limit !== undefined && counters.active >= limit;
  const taking = counters.weight === 0 ? 'quiesced' : isFull ? 'full' : 'active';
  return {
    task: id,
    ...counters,
    address: formatHostPort(address),
    ...(limit !== undefined && { maxConnections: limit }),
    state: state === 'draining' ? 'draining' : taking,
  };
}
