import { networkInterfaces } from 'node:os';
import { canonicalIp } from '../net/ip.js';

/** The addresses of this host's interfaces, sorted. Those of interfaces without a carrier are left out. */
export function ownAddresses(): readonly string[] {
  return Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .map(({ address }) => canonicalIp(address))
    .filter((address) => address !== undefined)
    .sort();
}
