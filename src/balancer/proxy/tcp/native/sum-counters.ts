import { sumTimes } from '../../../../runtime/time-histogram.js';
import type { BackendCounters, VirtualService, VirtualServiceCounters } from '../../../plane.js';

/**
 * The counters of several threads for one service, added up.
 * @param past counters of threads that have ended, of whose flows none is open any more
 */
export function sumCounters(
  { service, vip, protocol, scheduler, backends }: VirtualService,
  port: number,
  live: readonly VirtualServiceCounters[],
  past: VirtualServiceCounters | undefined,
): VirtualServiceCounters {
  const all = past ? [...live, past] : live;
  const sum = (field: Field): number => all.reduce((total, each) => total + each[field], 0);
  const connects = sumTimes(all.map((each) => each.connects));
  const summed = new Map<string, BackendCounters>();
  for (const { id, name, address, weight, state } of backends)
    addBackend(summed, { id, name, address, weight, state, ...NOTHING });
  for (const each of live) for (const backend of each.backends) addBackend(summed, backend);
  // A backend that no thread has any longer is not shown.
  for (const backend of past?.backends ?? []) if (summed.has(keyOf(backend))) addBackend(summed, backend);
  return {
    ...{ service, vip, port, protocol, scheduler },
    active: sum('active'),
    total: sum('total'),
    bytesIn: sum('bytesIn'),
    bytesOut: sum('bytesOut'),
    refused: sum('refused'),
    failed: sum('failed'),
    retried: sum('retried'),
    backends: [...summed.values()],
    ...(connects && { connects }),
  };
}

/** The counters of an ended thread, without open flows. */
export function ended(counters: VirtualServiceCounters): VirtualServiceCounters {
  const backends = counters.backends.map((each) => ({ ...each, active: 0 }));
  return { ...counters, active: 0, backends };
}

type Field = 'active' | 'total' | 'bytesIn' | 'bytesOut' | 'refused' | 'failed' | 'retried';

const NOTHING = { active: 0, total: 0, bytesIn: 0, bytesOut: 0, errors: 0 };

function addBackend(summed: Map<string, BackendCounters>, backend: BackendCounters): void {
  const key = keyOf(backend);
  const known = summed.get(key);
  if (!known) {
    summed.set(key, backend);
    return;
  }
  summed.set(key, {
    ...known,
    active: known.active + backend.active,
    total: known.total + backend.total,
    bytesIn: known.bytesIn + backend.bytesIn,
    bytesOut: known.bytesOut + backend.bytesOut,
    errors: known.errors + backend.errors,
    ...added('timeWait', known, backend),
    ...added('portless', known, backend),
  });
}

function added(
  field: 'timeWait' | 'portless',
  a: BackendCounters,
  b: BackendCounters,
): Partial<BackendCounters> {
  const sum = (a[field] ?? 0) + (b[field] ?? 0);
  return sum > 0 ? { [field]: sum } : {};
}

function keyOf({ id, address }: BackendCounters): string {
  return `${id} ${address.ip} ${address.port}`;
}
