import { hashText } from '../../net/hash-text.js';
import { formatHostPort, type HostPort } from '../../net/ip.js';
import type { SchedulerName } from '../../net/balancing.js';
import type { KernelService } from '../../linux/vip-kernel-table.js';
import type { DesiredBackend, VirtualService } from '../plane.js';
import { maglevTable } from '../schedulers/maglev-table.js';

/** How the kernel chooses among the tasks of a service. */
export type KernelChoice = Pick<KernelService, 'choice' | 'slots' | 'tasks'>;

/** A task that takes new connections. */
type Taker = DesiredBackend & { readonly number: number };

/** A prime, as Maglev's permutations need one; of up to ten tasks, each has a hundred slots or more. */
const HASH_SLOTS = 1021;
/** The most slots of weights that have no smaller terms, unless there are more tasks. */
const WEIGHT_SLOTS = 512;

type Deal = (
  takers: readonly Taker[],
  service: VirtualService,
) => Pick<KernelChoice, 'choice'> & {
  /** Indexes of takers. */
  readonly dealt: readonly number[];
};

/**
 * The schedulers that need to know nothing but the packet. A choice depends on the tasks alone, never on those before:
 * every host and every restart makes the same.
 */
const DEALS: Readonly<Partial<Record<SchedulerName, Deal>>> = {
  rr: (takers) => ({ choice: 'turn', dealt: takers.map((_, at) => at) }),
  wrr: (takers) => ({ choice: 'turn', dealt: smoothTurns(takers.map(({ weight }) => weight)) }),
  fo: (takers) => ({ choice: 'turn', dealt: [heaviest(takers)] }),
  dh: (takers, { vip }) => ({ choice: 'turn', dealt: [rendezvous(takers, hashText(vip))] }),
  sh: (takers) => ({ choice: 'client', dealt: byRendezvous(takers) }),
  'sh-port': (takers) => ({ choice: 'client-port', dealt: byRendezvous(takers) }),
  mh: (takers) => ({ choice: 'client', dealt: byMaglev(takers) }),
  'mh-port': (takers) => ({ choice: 'client-port', dealt: byMaglev(takers) }),
};

/** Whether the kernel can choose by this scheduler: it needs no numbers of open connections. */
export function choosesInKernel(scheduler: SchedulerName): boolean {
  return DEALS[scheduler] !== undefined;
}

/** @returns undefined if the kernel cannot choose by the scheduler of the service, or no task takes connections */
export function kernelChoice(service: VirtualService): KernelChoice | undefined {
  const takers = numbered(service.backends.filter(({ state, weight }) => state === 'active' && weight > 0));
  const deal = DEALS[service.scheduler];
  if (!deal || takers.length === 0) return undefined;
  const { choice, dealt } = deal(takers, service);
  const slots = dealt.map((at) => takers[at]?.number ?? 0);
  return { choice, slots, tasks: new Map(takers.map(({ number, address }) => [number, address])) };
}

/**
 * Numbers tasks by their addresses, so that a number means the same after a restart: the kernel remembers it for
 * affinity.
 */
function numbered(backends: readonly DesiredBackend[]): Taker[] {
  const taken = new Set<number>();
  return backends.map((backend) => {
    let number = hashText(addressText(backend.address));
    while (taken.has(number)) number = (number + 1) >>> 0;
    taken.add(number);
    return { ...backend, number };
  });
}

function addressText(address: HostPort): string {
  return formatHostPort(address);
}

/** One period of smooth weighted round robin; see `schedulers/wrr.ts`. @returns indexes */
function smoothTurns(weights: readonly number[]): number[] {
  const terms = smallTerms(weights);
  const total = terms.reduce((sum, each) => sum + each, 0);
  const credits = terms.map(() => 0);
  return Array.from({ length: total }, () => {
    let best = 0;
    for (const [at, term] of terms.entries()) {
      credits[at] = (credits[at] ?? 0) + term;
      if ((credits[at] ?? 0) > (credits[best] ?? 0)) best = at;
    }
    credits[best] = (credits[best] ?? 0) - total;
    return best;
  });
}

/** The ratio of weights in smallest terms, at least 1 each; rounded where it would need too many slots. */
function smallTerms(weights: readonly number[]): number[] {
  const divisor = weights.reduce(gcd, 0);
  const terms = weights.map((weight) => weight / divisor);
  const total = terms.reduce((sum, each) => sum + each, 0);
  const most = Math.max(WEIGHT_SLOTS, weights.length);
  return total <= most ? terms : terms.map((each) => Math.max(1, Math.round((each * most) / total)));
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

function heaviest(takers: readonly Taker[]): number {
  return takers.reduce((best, { weight }, at) => (weight > (takers[best]?.weight ?? 0) ? at : best), 0);
}

/** For each slot the task with the highest score there: one that leaves gives away its own slots only. */
function byRendezvous(takers: readonly Taker[]): number[] {
  return Array.from({ length: HASH_SLOTS }, (_, slot) => rendezvous(takers, Math.imul(slot + 1, 0x9e3779b1)));
}

/** Weighted rendezvous hashing (Schindelhauer and Schomaker). */
function rendezvous(takers: readonly Taker[], key: number): number {
  let [best, most] = [0, -1];
  for (const [at, { number, weight }] of takers.entries()) {
    const score = weight / -Math.log((mixed(number ^ key) + 0.5) / 2 ** 32);
    if (score > most) [best, most] = [at, score];
  }
  return best;
}

function mixed(number: number): number {
  let hash = Math.imul(number ^ (number >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function byMaglev(takers: readonly Taker[]): number[] {
  const order = Array.from(takers, ({ address, weight }, at) => ({ name: addressText(address), weight, at }));
  order.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  return Array.from(maglevTable(order, 0, HASH_SLOTS), (entry) => order[entry]?.at ?? 0);
}
