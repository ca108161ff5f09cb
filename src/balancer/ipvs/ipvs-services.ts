import type { IpvsDestination, IpvsService, IpvsTable } from '../../linux/ipvs-table.js';
import type { SchedulerName } from '../../net/balancing.js';
import { formatHostPort } from '../../net/ip.js';
import type { Place, VirtualService } from '../plane.js';

/** IPVS's schedulers with their flags. A client of `sh` or `mh` whose task takes nothing gets another one. */
const SCHEDULED: Readonly<Partial<Record<SchedulerName, Pick<IpvsService, 'scheduler' | 'flags'>>>> = {
  rr: { scheduler: 'rr' },
  wrr: { scheduler: 'wrr' },
  lc: { scheduler: 'lc' },
  wlc: { scheduler: 'wlc' },
  sed: { scheduler: 'sed' },
  nq: { scheduler: 'nq' },
  dh: { scheduler: 'dh' },
  lblc: { scheduler: 'lblc' },
  lblcr: { scheduler: 'lblcr' },
  fo: { scheduler: 'fo' },
  ovf: { scheduler: 'ovf' },
  sh: { scheduler: 'sh', flags: ['sh-fallback'] },
  'sh-port': { scheduler: 'sh', flags: ['sh-fallback', 'sh-port'] },
  mh: { scheduler: 'mh', flags: ['mh-fallback'] },
  'mh-port': { scheduler: 'mh', flags: ['mh-fallback', 'mh-port'] },
};

/** Whether IPVS has this scheduler. */
export function isIpvsScheduler(scheduler: SchedulerName): boolean {
  return SCHEDULED[scheduler] !== undefined;
}

/** How ipvsadm names a place. */
export function ipvsName({ vip, port, protocol }: Place): string {
  return `-${protocol === 'tcp' ? 't' : 'u'} ${formatHostPort({ ip: vip, port })}`;
}

/** What IPVS is to have for virtual services. Those whose scheduler it lacks are left out. */
export function ipvsTableOf(services: Iterable<VirtualService>): IpvsTable {
  const table = new Map<string, IpvsService>();
  for (const service of services) {
    const scheduled = SCHEDULED[service.scheduler];
    if (!scheduled) continue;
    const { affinity, backends } = service;
    table.set(ipvsName(service), {
      ...scheduled,
      ...(affinity && { persistent: affinity.timeout }),
      destinations: new Map(
        backends.map((backend) => [formatHostPort(backend.address), destinationOf(backend)]),
      ),
    });
  }
  return table;
}

/** A full task takes connections again as soon as it has fewer, as in the proxy. */
function destinationOf({
  state,
  weight,
  maxConnections = 0,
}: VirtualService['backends'][number]): IpvsDestination {
  return { weight: state === 'active' ? weight : 0, upper: maxConnections, lower: maxConnections };
}
