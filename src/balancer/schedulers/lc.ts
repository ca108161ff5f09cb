import { overhead } from './backend-load.js';
import { firstBest, Forgetful } from './first-best.js';
import type { Destination, Flow } from './scheduler.js';

/** Least connection (IPVS `lc`): the least overhead, the first of several; weights do not count, but for 0. */
export class LeastConnection extends Forgetful {
  override pick(_flow: Flow, exclude?: ReadonlySet<string>): Destination | undefined {
    return firstBest(this.destinations, exclude, hasLess);
  }
}

function hasLess(destination: Destination, best: Destination | undefined): boolean {
  return best === undefined || overhead(destination) < overhead(best);
}
