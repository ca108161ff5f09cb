import { ipBytes, ipFamily, ipFromBytes, type HostPort } from '../net/ip.js';

/** Constants of the socket API that are the same on x64 and arm64 (asm-generic). */
export const AF_INET = 2;
export const AF_INET6 = 10;

/** Size in bytes of `struct sockaddr_in`. */
export const SOCKADDR_IN_SIZE = 16;
/** Size in bytes of `struct sockaddr_in6`, the larger of the two. */
export const SOCKADDR_SIZE = 28;

/**
 * Offsets of the fields of `struct sockaddr_in` and `sockaddr_in6` (ip(7), ipv6(7)). The family is in host order, which
 * is little-endian on x64 and arm64.
 */
export const SOCKADDR = { family: 0, port: 2, ip4: 4, ip6: 8 } as const;

/** Size in bytes of an address family's structure. */
export function sockaddrLength(family: 4 | 6): number {
  return family === 4 ? SOCKADDR_IN_SIZE : SOCKADDR_SIZE;
}

/** Writes an address and fills the other fields with zeros. @returns the number of bytes written */
export function writeSockaddr({ ip, port }: HostPort, into: Uint8Array, at = 0): number {
  const family = ipFamily(ip);
  const length = sockaddrLength(family);
  into.fill(0, at, at + SOCKADDR_SIZE);
  const number = family === 4 ? AF_INET : AF_INET6;
  into[at] = number;
  into[at + SOCKADDR.port] = port >> 8;
  into[at + SOCKADDR.port + 1] = port & 0xff;
  into.set(ipBytes(ip), at + (family === 4 ? SOCKADDR.ip4 : SOCKADDR.ip6));
  return length;
}

/** The canonical address in a structure that the kernel wrote. */
export function readSockaddr(from: Uint8Array, at = 0): HostPort {
  const port = ((from[at + SOCKADDR.port] ?? 0) << 8) | (from[at + SOCKADDR.port + 1] ?? 0);
  const ip =
    from[at] === AF_INET
      ? from.subarray(at + SOCKADDR.ip4, at + SOCKADDR.ip4 + 4)
      : from.subarray(at + SOCKADDR.ip6, at + SOCKADDR.ip6 + 16);
  return { ip: ipFromBytes(ip) ?? '', port };
}
