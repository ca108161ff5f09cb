import { ipFamily, type HostPort } from '../net/ip.js';
import { nft } from './nft.js';
import { emptied } from './nft-table.js';
import { watchTable, type StopWatching } from './nft-monitor.js';

/** What is guarded, and against what. */
interface SourceGuard {
  /** Where UDP is received. */
  readonly listen: readonly HostPort[];
  /** CIDRs of networks of this host, of both families. */
  readonly networks: readonly string[];
}

/**
 * Has the kernel drop datagrams to the listeners whose source is in one of the networks, but which came in by another
 * interface than the one that leads there (nft(8), `fib`): their sender is not the one they name. Packets from the host
 * itself are let in. The table of these listeners is replaced in one transaction.
 * @throws Error with one line
 */
export async function writeSourceGuard(guard: SourceGuard): Promise<void> {
  await load(`${removal(guard.listen)}${script(guard)}`);
}

/** Takes the table of these listeners away. @throws Error with one line */
export async function removeSourceGuard(listen: readonly HostPort[]): Promise<void> {
  await load(removal(listen));
}

/** Has the kernel say when another program changes the table; see {@link watchTable}. */
export function watchSourceGuard(
  listen: readonly HostPort[],
  onTampered: () => void,
  onEnd: () => void,
): StopWatching {
  return watchTable(`inet ${tableOf(listen)}`, onTampered, onEnd);
}

/** One table for each set of listeners: two daemons on a host do not replace each other's. */
export function tableOf(listen: readonly HostPort[]): string {
  const [first] = listen.map(({ ip, port }) => `${ip}_${port}`).sort();
  return `fairlead_dns_${(first ?? '').replace(/[^0-9a-f]/g, '_')}`;
}

const removal = (listen: readonly HostPort[]): string => emptied({ family: 'inet', name: tableOf(listen) });

function script({ listen, networks }: SourceGuard): string {
  const of = (family: 4 | 6) => networks.filter((range) => range.includes(':') === (family === 6));
  const set = (family: 4 | 6) => {
    const members = of(family);
    return `  set networks${family} {
    type ${family === 4 ? 'ipv4_addr' : 'ipv6_addr'}
    flags interval
    auto-merge
    ${members.length > 0 ? `elements = { ${members.join(', ')} }` : ''}
  }`;
  };
  return `table inet ${tableOf(listen)} {
${set(4)}
${set(6)}
  chain guard {
    type filter hook prerouting priority -330
    iifname "lo" accept
${listen.flatMap((each) => rulesFor(each)).join('\n')}
  }
}
`;
}

function rulesFor({ ip, port }: HostPort): string[] {
  const isAny = ip === '0.0.0.0' || ip === '::';
  const families = ip === '::' ? ([4, 6] as const) : ([ipFamily(ip)] as const);
  return families.map((family) => {
    const ipx = family === 4 ? 'ip' : 'ip6';
    const to = isAny ? 'fib daddr type local' : `${ipx} daddr ${ip}`;
    return `    udp dport ${port} ${to} ${ipx} saddr @networks${family} fib saddr . iif oif missing counter drop`;
  });
}

async function load(input: string): Promise<void> {
  const outcome = await nft(['-f', '-'], input);
  if (!outcome.ok) throw new Error(outcome.why);
}
