import { networkInterfaces } from 'node:os';
import { canonicalIp } from '../net/ip.js';

/**
 * The addresses of this host's interfaces, sorted, without those of interfaces that have no carrier, and without IPv6's
 * link-local ones (RFC 4291 section 2.5.6): every container that starts or ends brings or takes one with its interface,
 * and nothing on the host uses them to reach an address beyond the link.
 */
export function ownAddresses(interfaces = networkInterfaces()): readonly string[] {
  return Object.values(interfaces)
    .flatMap((each) => each ?? [])
    .map(({ address }) => canonicalIp(address))
    .filter((address) => address !== undefined)
    .filter((address) => !/^fe[89ab]/.test(address))
    .sort();
}
