import { readFileSync } from 'node:fs';
import { endianness, networkInterfaces } from 'node:os';
import { canonicalIp, ipFromBytes } from '../net/ip.js';
import type { HostRange } from '../net/vip-pool.js';

/** `lo` is the host itself. We may have put its addresses there ourselves, and other hosts do not use them. */
const LOOPBACK = 'lo';

/**
 * The routes of the kernel's main table and the addresses on interfaces, without default routes and the loopback
 * interface. Empty if there is no /proc.
 */
export function hostRanges(): HostRange[] {
  const routes = [
    ...parseRoutes(read('/proc/net/route'), endianness()),
    ...parseRoutes6(read('/proc/net/ipv6_route')),
  ];
  const addresses = Object.entries(networkInterfaces()).flatMap(([name, each]) =>
    (each ?? []).flatMap(({ address }) => {
      const ip = canonicalIp(address);
      return ip === undefined || name === LOOPBACK
        ? []
        : [{ range: ip, what: `the address ${ip} (${name})` }];
    }),
  );
  return [...routes, ...addresses];
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/**
 * The routes in /proc/net/route. The columns are `Iface Destination Gateway Flags RefCnt Use Metric Mask ...`.
 * Addresses are hexadecimal numbers in the machine's byte order (proc_pid_net(5)).
 */
export function parseRoutes(text: string, order: 'LE' | 'BE'): HostRange[] {
  const octets = (hex: string) => {
    const bytes = Buffer.from(hex, 'hex');
    return order === 'LE' ? bytes.reverse() : bytes;
  };
  return lines(text).flatMap(([name = '', destination = '', , , , , , mask = '']) => {
    if (!/^[0-9a-f]{8}$/i.test(destination) || !/^[0-9a-f]{8}$/i.test(mask)) return [];
    const prefix = octets(mask).reduce(
      (bits, octet) => bits + octet.toString(2).replaceAll('0', '').length,
      0,
    );
    return route(octets(destination), prefix, name);
  });
}

/**
 * The routes in /proc/net/ipv6_route: `destination prefix source prefix hop metric refcnt use flags interface`, in
 * hexadecimal.
 */
export function parseRoutes6(text: string): HostRange[] {
  return lines(text).flatMap(([destination = '', prefix = '', , , , , , , , name = '']) => {
    if (!/^[0-9a-f]{32}$/i.test(destination) || !/^[0-9a-f]{2}$/i.test(prefix)) return [];
    return route(Buffer.from(destination, 'hex'), parseInt(prefix, 16), name);
  });
}

function lines(text: string): string[][] {
  return text.split('\n').map((line) => line.trim().split(/\s+/));
}

function route(destination: Uint8Array, prefix: number, name: string): HostRange[] {
  const ip = ipFromBytes(destination);
  if (ip === undefined || prefix === 0 || name === LOOPBACK) return [];
  const range = `${ip}/${prefix}`;
  return [{ range, what: `the route ${range} (${name})` }];
}
