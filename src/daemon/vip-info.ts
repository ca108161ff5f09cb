import type { VipPort, VirtualServiceInfo, VirtualTaskInfo } from '../api/ports.js';
import type { KeptService, Keeper } from '../balancer/vip-keeper.js';
import type { VipSettings } from '../api/types/vips-json.js';
import type { DesiredBackend, BackendCounters, VirtualService } from '../balancer/plane.js';
import { formatHostPort } from '../net/ip.js';
import type { Told, VipFigures } from '../net/vip-figures.js';

/** The API's view of virtual IPs. */
export function vipPort(keeper: Pick<Keeper, 'status' | 'problems' | 'services'>): VipPort {
  return {
    status: () => keeper.status(),
    problems: () => keeper.problems(),
    services: async () => infosOf(await keeper.services()),
  };
}

export function* infosOf(kept: Iterable<KeptService>): Iterable<VirtualServiceInfo> {
  for (const each of kept) yield infoOf(each);
}

function infoOf({ service, counters, problem }: KeptService): VirtualServiceInfo {
  const { vip, port, protocol, scheduler } = service;
  const desired = new Map(service.backends.map((each) => [each.id, each]));
  const backends = counters?.backends ?? service.backends.map(unused);
  const tasks = backends.map((each) => taskInfo(each, desired.get(each.id)));
  const takes = tasks.some(({ state }) => state === 'active' || state === 'full');
  const { carrier, connects } = counters ?? {};
  return {
    ...{ service: service.service, vip, port, protocol, scheduler },
    ...settingsOf(service),
    state: counters === undefined ? 'down' : takes ? 'up' : 'empty',
    ...(counters === undefined && problem !== undefined && { problem }),
    ...(carrier && { carrier }),
    ...(connects && { connects }),
    ...figuresOf(counters ?? nothing),
    tasks,
  };
}

/** What is not told stays absent. */
function figuresOf(told: Told<VipFigures>): Told<VipFigures> {
  const { active, total, bytesIn, bytesOut, refused, failed, retried } = told;
  return {
    ...{ active, total, retried },
    ...(bytesIn !== undefined && { bytesIn }),
    ...(bytesOut !== undefined && { bytesOut }),
    ...(refused !== undefined && { refused }),
    ...(failed !== undefined && { failed }),
  };
}

function settingsOf(service: VirtualService): { readonly settings?: VipSettings } {
  const { maxConnections, maxPerClient, affinity, proxyProtocol, acceptProxy = false, ops } = service;
  const settings: VipSettings = {
    ...(maxConnections !== undefined && { maxConnections }),
    ...(maxPerClient !== undefined && { maxPerClient }),
    ...(affinity && { affinity: affinity.timeout }),
    ...(proxyProtocol && { proxyProtocol }),
    ...(acceptProxy && { acceptProxy }),
    ...(ops && { ops }),
  };
  return Object.keys(settings).length === 0 ? {} : { settings };
}

const nothing = { active: 0, total: 0, bytesIn: 0, bytesOut: 0, refused: 0, failed: 0, retried: 0 };

function unused({ id, name, address, weight, state }: DesiredBackend): BackendCounters {
  return { id, name, address, weight, state, active: 0, total: 0, bytesIn: 0, bytesOut: 0, errors: 0 };
}

function taskInfo(
  { id, address, state, ...counters }: Told<BackendCounters>,
  { maxConnections: limit, slowStart }: Partial<DesiredBackend> = {},
): VirtualTaskInfo {
  const isFull = limit !== undefined && counters.active >= limit;
  const taking = counters.weight === 0 ? 'quiesced' : isFull ? 'full' : 'active';
  return {
    task: id,
    ...counters,
    address: formatHostPort(address),
    ...(limit !== undefined && { maxConnections: limit }),
    ...(slowStart !== undefined && { slowStart }),
    state: state === 'draining' ? 'draining' : taking,
  };
}
