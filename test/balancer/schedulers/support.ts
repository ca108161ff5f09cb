import { createScheduler, type SchedulerOptions } from '../../../src/balancer/schedulers/all-schedulers.js';
import type { Destination, Flow, Scheduler } from '../../../src/balancer/schedulers/scheduler.js';
import type { SchedulerName } from '../../../src/net/balancing.js';

/** A destination; its address follows from its id, so that a copy of it is the same destination. */
export function destination(id: string, settings: Partial<Destination> = {}): Destination {
  const place = Array.from(id, (letter) => letter.charCodeAt(0)).reduce(
    (sum, code) => (sum * 31 + code) % 65_025,
    7,
  );
  const address = `10.42.${Math.floor(place / 255)}.${place % 255}`;
  return { id, address, port: 8080, weight: 1, active: 0, inactive: 0, upper: 0, ...settings };
}

/** Destinations d0, d1, ... with these weights. */
export function weighted(...weights: readonly number[]): Destination[] {
  return weights.map((weight, at) => destination(`d${at}`, { weight }));
}

/** A flow from the nth of consecutive client addresses. */
export function flowFrom(client: number, vip = '10.43.0.1'): Flow {
  const address = `10.${(client >>> 16) & 255}.${(client >>> 8) & 255}.${client & 255}`;
  return { client: address, clientPort: 40_000, vip, vipPort: 80 };
}

/** A flow to the nth of consecutive VIPs. */
export function flowTo(vip: number): Flow {
  return flowFrom(1, `10.43.${(vip >>> 8) & 255}.${vip & 255}`);
}

export const FLOW = flowFrom(1);

/** Mulberry32: the same numbers, 0 <= x < 1, for the same seed. */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A scheduler whose every input is fixed, with these destinations. */
export function schedulerWith(
  name: SchedulerName,
  destinations: readonly Destination[],
  { seed = 1, now = () => 0 }: Pick<SchedulerOptions, 'seed' | 'now'> = {},
): Scheduler {
  const scheduler = createScheduler(name, { random: seededRandom(seed), seed, now });
  scheduler.update(destinations);
  return scheduler;
}

/** Ids of so many picks, each of which stays open. */
export function fill(scheduler: Scheduler, picks: number, flow: (pick: number) => Flow = flowFrom): string[] {
  return Array.from({ length: picks }, (_, pick) => {
    const picked = scheduler.pick(flow(pick));
    if (picked !== undefined) picked.active += 1;
    return picked?.id ?? '-';
  });
}

/** Ids of so many picks, each of which ends at once. */
export function run(scheduler: Scheduler, picks: number, flow: (pick: number) => Flow = flowFrom): string[] {
  return Array.from({ length: picks }, (_, pick) => scheduler.pick(flow(pick))?.id ?? '-');
}

/** Which id each key gets. */
export function ownersOf(scheduler: Scheduler, flows: readonly Flow[]): (string | undefined)[] {
  return flows.map((flow) => scheduler.pick(flow)?.id);
}
