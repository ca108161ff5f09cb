import type { VirtualService } from './data-plane.js';

type Place = Pick<VirtualService, 'vip' | 'port' | 'protocol'> & { readonly service?: string };

/** Whether two lists are of the same addresses for the same services, in the same order. */
export function samePlaces(before: readonly Place[] | undefined, after: readonly Place[]): boolean {
  return before?.length === after.length && after.every((each, at) => isSame(before[at], each));
}

function isSame(one: Place | undefined, other: Place): boolean {
  return (
    one === other ||
    (one !== undefined &&
      one.service === other.service &&
      one.vip === other.vip &&
      one.port === other.port &&
      one.protocol === other.protocol)
  );
}
