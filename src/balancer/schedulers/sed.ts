import { shortestDelay } from './backend-load.js';
import { Forgetful } from './first-best.js';
import type { Destination, Flow } from './scheduler.js';

/** Shortest expected delay (IPVS `sed`): the least (open connections + 1) for its weight, the first of several. */
export class ShortestExpectedDelay extends Forgetful {
  override pick(_flow: Flow, exclude?: ReadonlySet<string>): Destination | undefined {
    return shortestDelay(this.destinations, exclude);
  }
}
