/**
 * The golden zone: one description that Fairlead gets as facts and the reference servers get as a zone file. Addresses
 * are out of 10.42.0.0/16 and up, names are below `rancher.internal`.
 */

export const DOMAIN = 'rancher.internal';

/** Services are in the stack of this name, which makes `stack.rancher.internal` an empty non-terminal. */
export const STACK = 'stack';

/** Seconds, of every record. */
export const TTL = 1;

/** The SOA's times as Fairlead writes them, in seconds; the serial is made to be 1. */
export const SOA_TIMES = { serial: 1, refresh: 60, retry: 10, expire: 86400 };

/** The address of `ns.rancher.internal`. */
export const NAME_SERVER = '127.0.0.1';

/** The subnet whose reverse zone is ours. */
export const SUBNET = { cidr: '10.42.0.0/24', reverse: '0.42.10.in-addr.arpa', gateway: '10.42.0.1' };

export type GoldenService =
  /** Tasks `<name>-1`, `<name>-2`, ... with port 80/tcp, named `http`. */
  | { readonly kind: 'tasks'; readonly name: string; readonly addresses: readonly string[] }
  | { readonly kind: 'addresses'; readonly name: string; readonly addresses: readonly string[] }
  | { readonly kind: 'cname'; readonly name: string; readonly target: string }
  /** Exists, and has no address. */
  | { readonly kind: 'empty'; readonly name: string };

/** `count` addresses of 10.<net>/16. */
export function addressRange(net: number, count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => `10.${net}.${i >> 8}.${i & 255}`);
}

const here = (name: string) => `${name}.${STACK}.${DOMAIN}`;

export const goldenServices: readonly GoldenService[] = [
  { kind: 'tasks', name: 'web', addresses: ['10.42.0.11', '10.42.0.12', '10.42.0.13'] },
  { kind: 'tasks', name: 'many', addresses: addressRange(50, 9) },
  { kind: 'addresses', name: 'v6', addresses: ['fd00::6'] },
  { kind: 'addresses', name: 'mid', addresses: addressRange(51, 25) },
  { kind: 'addresses', name: 'big', addresses: addressRange(52, 60) },
  // The lengths of these names make replies of exactly 512 and 513, 1232 and 1233 bytes.
  { kind: 'addresses', name: 'fit-512', addresses: addressRange(53, 29) },
  { kind: 'addresses', name: 'over-512', addresses: addressRange(54, 29) },
  { kind: 'addresses', name: 'edns-fit-123', addresses: addressRange(55, 73) },
  { kind: 'addresses', name: 'edns-over-123', addresses: addressRange(56, 73) },
  // More than 65535 bytes.
  { kind: 'addresses', name: 'huge', addresses: addressRange(60, 5000) },
  { kind: 'empty', name: 'quiet' },
  { kind: 'cname', name: 'alias', target: here('web') },
  { kind: 'cname', name: 'chain', target: here('alias') },
  { kind: 'cname', name: 'dangling', target: here('nobody') },
  { kind: 'cname', name: 'loopa', target: here('loopb') },
  { kind: 'cname', name: 'loopb', target: here('loopa') },
  { kind: 'cname', name: 'ext', target: 'outside.example' },
  { kind: 'cname', name: 'ext-missing', target: 'missing.example' },
  { kind: 'cname', name: 'ext-broken', target: 'broken.example' },
  { kind: 'cname', name: 'ext-loop', target: 'back.example' },
];

/** A task whose name has several labels, so that `a.b.c`, `b.c` and `c` are empty non-terminals. */
export const deepTask = { name: 'deep.a.b.c', address: '10.42.0.50' };

/** What no source reports: zone file lines, owners below the domain. */
export const staticRecords: readonly string[] = [
  `*.wild.${STACK} A 10.42.0.90`,
  `sub.wild.${STACK} TXT "sub"`,
  `x.ent.wild.${STACK} A 10.42.0.91`,
  `_null._tcp.${STACK} SRV 0 0 0 .`,
  `text.${STACK} TXT "one" "two"`,
  `slow.${STACK} 77 A 10.42.0.92`,
  // The names below it that services have keep it away.
  `*.many.${STACK} A 10.42.0.93`,
  `*.cname-wild.${STACK} CNAME ${here('web')}.`,
  `outside.${STACK} 60 CNAME outside.example.`,
  `_ldap._tcp.${STACK} 30 SRV 0 5 389 web-1.${DOMAIN}.`,
];
