import { leastLoaded } from './backend-load.js';
import { Forgetful } from './first-best.js';
import type { Destination, Flow } from './scheduler.js';

/** Weighted least connection (IPVS `wlc`): the least overhead for its weight, the first of several. */
export class WeightedLeastConnection extends Forgetful {
  override pick(_flow: Flow, exclude?: ReadonlySet<string>): Destination | undefined {
    return leastLoaded(this.destinations, exclude);
  }
}
