import { canonicalIp, ipBytes, ipFamily, ipFromBytes, parseCidr } from './ip.js';

/** The pool of addresses for virtual IPs. */
export interface VipPool {
  /** CIDR. */
  readonly text: string;
  /**
   * How many addresses the pool can lease: all except the network address, the first address and the last (an IPv4
   * broadcast).
   */
  readonly size: number;
  /** The address at an index, 0..size-1. */
  at(index: number): string;
  /** Whether the pool can lease this address. The address must be canonical. */
  holds(address: string): boolean;
}

/** Bits of the address below the prefix: at least enough to leave an address, at most as many as we can count in. */
const HOST_BITS = { min: 2, max: 24 };

/** @returns undefined when the text is not a subnet of IPv4 /8 to /30, or of IPv6 /104 to /126 */
export function vipPool(text: string): VipPool | undefined {
  const cidr = parseCidr(text);
  if (!cidr) return undefined;
  const [address = '', prefix] = cidr.text.split('/');
  const hostBits = (ipFamily(address) === 4 ? 32 : 128) - Number(prefix);
  if (hostBits < HOST_BITS.min || hostBits > HOST_BITS.max) return undefined;
  const bytes = ipBytes(address);
  const view = new DataView(bytes.buffer, bytes.length - 4);
  const span = 2 ** hostBits;
  const base = view.getUint32(0) - (view.getUint32(0) % span);
  const withHost = (offset: number) => {
    view.setUint32(0, base + offset);
    return ipFromBytes(bytes) ?? '';
  };
  const first = withHost(0);
  return {
    text: `${first}/${prefix ?? ''}`,
    size: span - 3,
    at: (index) => withHost(index + 2),
    holds(other) {
      if (canonicalIp(other) !== other || !cidr.contains(other)) return false;
      const others = ipBytes(other);
      const offset = new DataView(others.buffer, others.length - 4).getUint32(0) - base;
      return offset >= 2 && offset <= span - 2;
    },
  };
}

/** Addresses that the host routes or has. They must not be leased as virtual IPs. */
export interface HostRange {
  /** CIDR, or a single address. */
  readonly range: string;
  /** For example `the route 10.0.0.0/8 (eth0)`. */
  readonly what: string;
}
