import { ipBytes, ipFamily, ipFromBytes, type HostPort } from '../net/ip.js';

/** Numbers of the socket API that are the same on x64 and arm64 (asm-generic). */
export const AF_INET = 2;
export const AF_INET6 = 10;

/** Bytes of `struct sockaddr_in6`, the larger of the two. */
export const SOCKADDR_SIZE = 28;

/** Where the parts of `struct sockaddr_in` and `sockaddr_in6` are (ip(7), ipv6(7)). The family is in host order: little-endian on x64 and arm64. */
export const SOCKADDR = { family: 0, port: 2, ip4: 4, ip6: 8 } as const;

/** Bytes of the structure that an address family has. */
export function sockaddrLength(family: 4 | 6): number {
  return family === 4 ? 16 : SOCKADDR_SIZE;
}

/** Writes an address, with zeroes where it has nothing to say. @returns the bytes it takes */
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

/** The canonical address in a structure that the kernel has written. */
export function readSockaddr(from: Uint8Array, at = 0): HostPort {
  const port = ((from[at + SOCKADDR.port] ?? 0) << 8) | (from[at + SOCKADDR.port + 1] ?? 0);
  const ip =
    from[at] === AF_INET
      ? from.subarray(at + SOCKADDR.ip4, at + SOCKADDR.ip4 + 4)
      : from.subarray(at + SOCKADDR.ip6, at + SOCKADDR.ip6 + 16);
  return { ip: ipFromBytes(ip) ?? '', port };
}
