import { isIPv4 } from 'node:net';
import ipaddr from 'ipaddr.js';

/** `4` or `6`, as in node:net. */
export type IpFamily = 4 | 6;

/**
 * The canonical text of an address: dotted decimal, or RFC 5952 for IPv6. IPv4-mapped IPv6 (`::ffff:a.b.c.d`)
 * becomes IPv4, because that is how a dual-stack socket shows an IPv4 peer. Zone indices are dropped.
 * Octal, hexadecimal and short IPv4 forms are refused: they mean different hosts to different parsers.
 * @returns undefined when the text is not an address
 */
export function canonicalIp(text: string): string | undefined {
  const bare = text.includes('%') ? text.slice(0, text.indexOf('%')) : text;
  if (isIPv4(bare)) return bare;
  if (!bare.includes(':') || !ipaddr.IPv6.isValid(bare)) return undefined;
  const address = ipaddr.IPv6.parse(bare);
  return address.isIPv4MappedAddress() ? address.toIPv4Address().toString() : address.toRFC5952String();
}

/** The family of a canonical address. */
export function ipFamily(canonical: string): IpFamily {
  return canonical.includes(':') ? 6 : 4;
}

/** Network-order bytes of a canonical address: 4 or 16 of them. */
export function ipBytes(canonical: string): Uint8Array {
  return Uint8Array.from(ipaddr.parse(canonical).toByteArray());
}

/** Canonical text of 4 or 16 network-order bytes; undefined for any other length. */
export function ipFromBytes(bytes: Uint8Array): string | undefined {
  if (bytes.length !== 4 && bytes.length !== 16) return undefined;
  return canonicalIp(ipaddr.fromByteArray([...bytes]).toString());
}

/**
 * The labels of the reverse-mapping name, leftmost first, without the root:
 * `10.42.0.7` gives `['7','0','42','10','in-addr','arpa']` (RFC 1035 section 3.5, RFC 3596 section 2.5).
 */
export function reverseLabels(canonical: string): string[] {
  if (ipFamily(canonical) === 4) return [...canonical.split('.').reverse(), 'in-addr', 'arpa'];
  const nibbles: string[] = [];
  for (const byte of ipBytes(canonical)) nibbles.push((byte >> 4).toString(16), (byte & 15).toString(16));
  return [...nibbles.reverse(), 'ip6', 'arpa'];
}

/**
 * The address that a reverse-mapping name stands for. Only complete names (4 bytes, 32 nibbles) give one.
 * @param labels leftmost first, lower case, without the root
 */
export function ipFromReverseLabels(labels: readonly string[]): string | undefined {
  const [suffix, arpa] = labels.slice(-2);
  if (arpa !== 'arpa') return undefined;
  const parts = labels.slice(0, -2).reverse();
  if (suffix === 'in-addr' && parts.length === 4) return canonicalIp(parts.join('.'));
  if (suffix !== 'ip6' || parts.length !== 32 || !parts.every((part) => /^[0-9a-f]$/.test(part)))
    return undefined;
  return canonicalIp(parts.join('').replace(/(.{4})(?!$)/g, '$1:'));
}

/** An address range. */
export interface Cidr {
  readonly text: string;
  contains(canonical: string): boolean;
}

/** Parses `address/prefix`. A bare address is a range of one. @returns undefined when the text is neither */
export function parseCidr(text: string): Cidr | undefined {
  const [address = '', prefix] = text.split('/');
  const canonical = canonicalIp(address);
  if (canonical === undefined) return undefined;
  const bits = prefix === undefined ? (ipFamily(canonical) === 4 ? 32 : 128) : Number(prefix);
  const max = ipFamily(canonical) === 4 ? 32 : 128;
  if ((prefix !== undefined && !/^\d{1,3}$/.test(prefix)) || bits > max) return undefined;
  const base = ipaddr.parse(canonical);
  return {
    text: `${canonical}/${bits}`,
    contains(other) {
      const parsed = ipaddr.parse(other);
      return parsed.kind() === base.kind() && parsed.match(base, bits);
    },
  };
}

/** One transport address. */
export interface HostPort {
  readonly ip: string;
  readonly port: number;
}

/**
 * Parses `ip`, `ip:port`, `[ip6]` or `[ip6]:port`.
 * @param defaultPort used when the text contains no port
 * @returns undefined if the text is not such an address
 */
export function parseHostPort(text: string, defaultPort: number): HostPort | undefined {
  const plain = canonicalIp(text);
  if (plain !== undefined) return { ip: plain, port: defaultPort };
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text);
  const ip = match && canonicalIp(match[1] ?? match[2] ?? '');
  if (!match || !ip || (match[1] !== undefined && ipFamily(ip) === 4 && !match[1].includes(':')))
    return undefined;
  const port = match[3] === undefined ? defaultPort : Number(match[3]);
  return port <= 65535 ? { ip, port } : undefined;
}

/** `ip:port`, with brackets around IPv6. */
export function formatHostPort({ ip, port }: HostPort): string {
  return ipFamily(ip) === 6 ? `[${ip}]:${port}` : `${ip}:${port}`;
}

/** Whether an address is link-local (RFC 3927, RFC 4291 section 2.5.6). */
export function isLinkLocal(canonical: string): boolean {
  return ipaddr.parse(canonical).range() === 'linkLocal';
}

/** Whether an address is a loopback address. */
export function isLoopback(canonical: string): boolean {
  return ipaddr.parse(canonical).range() === 'loopback';
}
