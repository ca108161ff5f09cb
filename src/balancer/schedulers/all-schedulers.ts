import type { SchedulerName } from '../../net/balancing.js';
import { DestinationHashing } from './dh.js';
import { FailOver } from './fo.js';
import { LocalityLeastConnection } from './lblc.js';
import { ReplicatedLocalityLeastConnection } from './lblcr.js';
import { LeastConnection } from './lc.js';
import { MaglevHashing } from './mh.js';
import { NeverQueue } from './nq.js';
import { Overflow } from './ovf.js';
import { RoundRobin } from './rr.js';
import type { Scheduler } from './scheduler.js';
import { ShortestExpectedDelay } from './sed.js';
import { SourceHashing } from './sh.js';
import { TwoChoices } from './twos.js';
import { WeightedLeastConnection } from './wlc.js';
import { WeightedRoundRobin } from './wrr.js';

export interface SchedulerOptions {
  /** For twos: returns 0 <= x < 1. */
  readonly random?: () => number;
  /** Keys the hashes of dh, sh and mh; 32 bits, 0 by default. Hosts whose mh should agree need the same seed. */
  readonly seed?: number;
  /** For lblc and lblcr: monotonic milliseconds. */
  readonly now?: () => number;
}

const MAKERS: Readonly<Record<SchedulerName, (options: Required<SchedulerOptions>) => Scheduler>> = {
  rr: () => new RoundRobin(),
  wrr: () => new WeightedRoundRobin(),
  lc: () => new LeastConnection(),
  wlc: () => new WeightedLeastConnection(),
  sed: () => new ShortestExpectedDelay(),
  nq: () => new NeverQueue(),
  dh: ({ seed }) => new DestinationHashing(seed),
  sh: ({ seed }) => new SourceHashing(seed),
  'sh-port': ({ seed }) => new SourceHashing(seed, { withPort: true }),
  mh: ({ seed }) => new MaglevHashing(seed),
  'mh-port': ({ seed }) => new MaglevHashing(seed, { withPort: true }),
  lblc: ({ now }) => new LocalityLeastConnection(now),
  lblcr: ({ now }) => new ReplicatedLocalityLeastConnection(now),
  fo: () => new FailOver(),
  ovf: () => new Overflow(),
  twos: ({ random }) => new TwoChoices(random),
};

/** Creates a scheduler for one virtual service, without destinations. Schedulers share no state. */
export function createScheduler(name: SchedulerName, options: SchedulerOptions = {}): Scheduler {
  const { random = Math.random, seed = 0, now = () => performance.now() } = options;
  return MAKERS[name]({ random, seed, now });
}
