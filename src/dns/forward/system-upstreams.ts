import { networkInterfaces } from 'node:os';
import { canonicalIp, isLoopback, type HostPort } from '../../net/ip.js';

const DNS_PORT = 53;

/**
 * The servers of a resolv.conf(5), in file order, without duplicates. As in the C library, only the first word after
 * `nameserver` counts. Lines without an address are skipped. A link-local IPv6 address keeps its zone (`fe80::1%eth0`),
 * because it is unreachable without it.
 */
export function parseNameservers(text: string): string[] {
  const servers = new Set<string>();
  for (const line of text.split(/\r\n|\r|\n/)) {
    const word = /^\s*nameserver[ \t]+([^\s#;]+)/.exec(line)?.[1];
    const ip = word === undefined ? undefined : canonicalIp(word);
    if (word === undefined || ip === undefined) continue;
    const zone = /%[\w.-]+$/.exec(word)?.[0];
    servers.add(ip.includes(':') && zone ? `${ip}${zone}` : ip);
  }
  return [...servers];
}

/**
 * The search list of a resolv.conf(5), in lower case, without trailing dots. The last of several lines wins. `domain`
 * is a list of one.
 */
export function parseSearchList(text: string): string[] {
  let list: string[] = [];
  for (const line of text.split(/\r\n|\r|\n/)) {
    const words = /^\s*(?:search|domain)[ \t]+(.+)$/.exec(line)?.[1];
    if (words === undefined) continue;
    list = words
      .replace(/[#;].*$/, '')
      .trim()
      .toLowerCase()
      .split(/\s+/)
      .map((word) => word.replace(/\.$/, ''))
      .filter((word) => /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/.test(word));
  }
  return list;
}

/**
 * The upstreams in a host's resolv.conf, except this process itself. The stub of systemd-resolved (127.0.0.53) is a
 * good upstream for a process on the host.
 * @param text the contents of /etc/resolv.conf
 * @param own the addresses on which this process listens
 */
export function systemUpstreams(text: string, own: readonly HostPort[]): HostPort[] {
  return parseNameservers(text)
    .map((ip) => ({ ip, port: DNS_PORT }))
    .filter((upstream) => !isOwnAddress(upstream, own));
}

/** Whether a query to this address would come back to us. A wildcard address stands for every address of the host. */
export function isOwnAddress(
  { ip, port }: HostPort,
  own: readonly HostPort[],
  hostAddresses: () => readonly string[] = interfaceAddresses,
): boolean {
  return own.some((listen) => {
    if (listen.port !== port) return false;
    if (listen.ip !== '0.0.0.0' && listen.ip !== '::') return listen.ip === ip;
    const bare = canonicalIp(ip) ?? ip;
    const sameFamily = bare.includes(':') === listen.ip.includes(':');
    return sameFamily && (isLoopback(bare) || hostAddresses().includes(bare));
  });
}

/** Whether an address is on an interface of this host. Loopback addresses do not count. */
export function isHostAddress(ip: string): boolean {
  const bare = canonicalIp(ip) ?? ip;
  return !isLoopback(bare) && interfaceAddresses().includes(bare);
}

function interfaceAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((addresses = []) =>
    addresses.map(({ address }) => canonicalIp(address) ?? address),
  );
}
