import { firstBest, Forgetful } from './first-best.js';
import { isHeavier } from './fo.js';
import type { Destination, Flow } from './scheduler.js';

/**
 * Overflow (IPVS `ovf`): the greatest weight among those with no more open connections than their weight, the first of
 * several. So each is filled with weight + 1 connections, then the next one; when all are full no task takes the flow.
 */
export class Overflow extends Forgetful {
  override pick(_flow: Flow, exclude?: ReadonlySet<string>): Destination | undefined {
    return firstBest(this.destinations, exclude, isNotFullAndHeavier);
  }
}

function isNotFullAndHeavier(destination: Destination, best: Destination | undefined): boolean {
  return destination.active <= destination.weight && isHeavier(destination, best);
}
