import type { VirtualService } from './data-plane.js';

type Place = Pick<VirtualService, 'vip' | 'port' | 'protocol'> & { readonly service?: string };

/** Whether two lists are of the same addresses for the same services, in the same order. */
export function samePlaces(before: readonly Place[] | undefined, after: readonly Place[]): boolean {
  if (before === after) return true;
  if (before?.length !== after.length) return false;
  // A plain loop: the lists are as long as there are services.
  for (let at = 0; at < after.length; at++) if (!isSame(before[at], after[at])) return false;
  return true;
}

function isSame(one: Place | undefined, other: Place | undefined): boolean {
  return (
    one === other ||
    (one?.service === other?.service &&
      one?.vip === other?.vip &&
      one?.port === other?.port &&
      one?.protocol === other?.protocol)
  );
}
