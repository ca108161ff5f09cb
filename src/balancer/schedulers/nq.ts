import { isAvailable } from './available.js';
import { shortestDelay } from './backend-load.js';
import { Forgetful } from './first-best.js';
import type { Destination, Flow } from './scheduler.js';

/** Never queue (IPVS `nq`): the first destination without an open connection; when all have some, as `sed`. */
export class NeverQueue extends Forgetful {
  override pick(_flow: Flow, exclude?: ReadonlySet<string>): Destination | undefined {
    for (const destination of this.destinations) {
      if (destination.active === 0 && isAvailable(destination, exclude)) return destination;
    }
    return shortestDelay(this.destinations, exclude);
  }
}
