import { formatUpstream, type Upstream } from '../../net/upstream.js';
import { ipFromBytes, type Cidr } from '../../net/ip.js';
import { isAtOrBelow, lowerCaseName, type DnsName } from '../../wire/name.js';
import { nameFromText, nameToText } from '../../wire/name-text.js';
import type { Message } from '../../wire/message.js';
import type { Log } from '../../net/log.js';

export interface RebindOptions {
  /** Networks with tasks. They count as private, whatever their addresses. */
  readonly ownNetworks: () => readonly Cidr[];
  /** Names that may have such addresses, including all names below them; presentation format. */
  readonly allow: readonly string[];
}

export interface RebindFilter {
  /** Whether to withhold an answer. @param name the queried name, lower case */
  blocks(name: DnsName, message: Message, upstream: Upstream): boolean;
}

/** The same name is reported only once within this time, in ms. */
const QUIET_TIME = 60_000;
/**
 * How many reported names are remembered. In a flood of others, further names are not reported until a remembered one
 * expires.
 */
const MAX_TOLD = 256;

/**
 * Protects against DNS rebinding: a web site whose name switches to an address of the internal network could reach that
 * network through a visitor's browser. Public names must therefore not have private addresses.
 * @param now monotonic, in ms
 * @throws Error if an allowed name is not valid
 */
export function createRebindFilter(
  options: RebindOptions,
  log: Pick<Log, 'warn'>,
  now: () => number,
): RebindFilter {
  const allowed = options.allow.map((text) => {
    const name = nameFromText(text);
    if (name) return lowerCaseName(name);
    throw new Error(
      `dns.rebindProtection.allow: "${text}" is not a valid domain name; write one such as corp.example`,
    );
  });
  const told = new Map<string, number>();

  const tell = (name: string, address: string, upstream: Upstream): void => {
    for (const [each, at] of told) if (now() - at >= QUIET_TIME) told.delete(each);
    if (told.has(name) || told.size >= MAX_TOLD) return;
    told.set(name, now());
    log.warn(
      `${formatUpstream(upstream)} answered ${name} with the private address ${address}, which was withheld (DNS rebinding); ` +
        `if this is intended, add the name to dns.rebindProtection.allow`,
    );
  };

  return {
    blocks(name, message, upstream) {
      if (allowed.some((each) => isAtOrBelow(name, each))) return false;
      for (const { rdata } of message.answers) {
        if (rdata.kind !== 'a' && rdata.kind !== 'aaaa') continue;
        const inner = innerAddress(rdata.address, options);
        if (inner === undefined) continue;
        tell(nameToText(name), inner, upstream);
        return true;
      }
      return false;
    },
  };
}

/** @returns the address as text if it is internal */
function innerAddress(
  octets: Uint8Array,
  { ownNetworks }: Pick<RebindOptions, 'ownNetworks'>,
): string | undefined {
  const text = ipFromBytes(octets) ?? '';
  if (isInner(octets)) return text;
  return ownNetworks().some((network) => network.contains(text)) ? text : undefined;
}

/**
 * Loopback, private, shared, link-local, unique local and unspecified addresses (RFC 1122, 1918, 6598, 3927, 4193,
 * 4291). An IPv4 address inside an IPv6 address (mapped, compatible, NAT64) is checked separately.
 */
function isInner(octets: Uint8Array): boolean {
  const [first = 0, second = 0] = octets;
  if (octets.length === 4) {
    return (
      [0, 10, 127].includes(first) ||
      (first === 100 && (second & 0xc0) === 64) ||
      (first === 169 && second === 254) ||
      (first === 172 && (second & 0xf0) === 16) ||
      (first === 192 && second === 168)
    );
  }
  if ((first & 0xfe) === 0xfc || (first === 0xfe && (second & 0xc0) === 0x80)) return true;
  const head = Buffer.from(octets.subarray(0, 12)).toString('hex');
  return EMBEDDING.has(head) && isInner(octets.subarray(12));
}

/**
 * The first 96 bits of `::/96` (with `::` and `::1`, which are then in 0.0.0.0/8), `::ffff:0:0/96` and `64:ff9b::/96`.
 */
const EMBEDDING: ReadonlySet<string> = new Set([
  '000000000000000000000000',
  '00000000000000000000ffff',
  '0064ff9b0000000000000000',
]);
