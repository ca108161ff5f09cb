import { firstBest, Forgetful } from './first-best.js';
import { isHeavier } from './fo.js';
import type { Destination, Flow } from './scheduler.js';

/**
 * Overflow (IPVS `ovf`): the destination with the greatest weight among those with no more open connections than their
 * weight, the first in case of a tie. Each is thus filled with weight + 1 connections before the next one. When all are
 * full, no destination is picked.
 */
export class Overflow extends Forgetful {
  override pick(_flow: Flow, exclude?: ReadonlySet<string>): Destination | undefined {
    return firstBest(this.destinations, exclude, isNotFullAndHeavier);
  }
}

function isNotFullAndHeavier(destination: Destination, best: Destination | undefined): boolean {
  return destination.active <= destination.weight && isHeavier(destination, best);
}
