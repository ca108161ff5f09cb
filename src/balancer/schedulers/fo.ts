import { firstBest, Forgetful } from './first-best.js';
import type { Destination, Flow } from './scheduler.js';

/** Weighted fail-over (IPVS `fo`): all flows to the available destination with the greatest weight, the first of several. */
export class FailOver extends Forgetful {
  override pick(_flow: Flow, exclude?: ReadonlySet<string>): Destination | undefined {
    return firstBest(this.destinations, exclude, isHeavier);
  }
}

export function isHeavier(destination: Destination, best: Destination | undefined): boolean {
  return best === undefined || destination.weight > best.weight;
}
