import { networkInterfaces } from 'node:os';
import { canonicalIp } from '../net/ip.js';

/** The addresses of this host's interfaces, sorted, without those of interfaces that have no carrier. */
export function ownAddresses(): readonly string[] {
  return Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .map(({ address }) => canonicalIp(address))
    .filter((address) => address !== undefined)
    .sort();
}
