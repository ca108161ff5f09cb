import { ipFamily } from '../../net/ip.js';

/** Packets that a firewall of the host must let in. */
export interface Opening {
  readonly family: 4 | 6;
  /** The interface on which they arrive: `docker0`, `br-*`. Absent: any. */
  readonly bridge?: string;
  /** An address, or a CIDR. */
  readonly to?: string;
  /** The protocol of port 53. Absent: everything. */
  readonly dns?: 'udp' | 'tcp';
  /** Only replies to what the host has sent. */
  readonly replies?: true;
}

/** A chain that decides on packets to the host: in nft(8), one with `hook input`. */
export interface InputChain {
  readonly family: 'ip' | 'ip6' | 'inet';
  readonly table: string;
  readonly name: string;
}

/** What must be let in from a bridge for DNS at a listener's address. */
export function dnsOpenings(bridge: string, to: string): readonly Opening[] {
  return (['udp', 'tcp'] as const).map((dns) => ({ family: ipFamily(to), bridge, to, dns }));
}

/** What must be let in from a bridge for virtual IPs. @param pool a CIDR */
export function vipOpening(bridge: string, pool: string): Opening {
  return { family: ipFamily(pool.split('/')[0] ?? pool), bridge, to: pool };
}

/**
 * The commands that let packets in. A packet passes only if every chain accepts it, so there is a command for each
 * chain.
 * @param chains those of this host; undefined if they are not known
 * @param backend what Docker writes its rules with, which then decides
 */
export function commandsFor(
  openings: readonly Opening[],
  chains: readonly InputChain[] | undefined,
  backend: string,
): readonly string[] {
  const known = chains && chains.length > 0 ? chains : usualChains(backend);
  const commands = known.flatMap((chain) => {
    const own = openings.filter(({ family }) => chain.family === 'inet' || familyOf(chain) === family);
    if (chain.table === 'firewalld') return own.length > 0 ? FIREWALLD : [];
    return own.map((opening) => commandFor(opening, chain));
  });
  return [...new Set(commands)];
}

/** firewalld owns its table. Docker has put its bridges into this zone. */
const FIREWALLD = [
  'firewall-cmd --permanent --zone=docker --set-target=ACCEPT',
  'firewall-cmd --reload',
] as const;

function usualChains(backend: string): readonly InputChain[] {
  if (backend === 'nftables') return [{ family: 'inet', table: 'filter', name: 'input' }];
  return [
    { family: 'ip', table: 'filter', name: 'INPUT' },
    { family: 'ip6', table: 'filter', name: 'INPUT' },
  ];
}

function familyOf({ family }: InputChain): 4 | 6 {
  return family === 'ip6' ? 6 : 4;
}

function commandFor(opening: Opening, chain: InputChain): string {
  const isIptables = chain.family !== 'inet' && chain.table === 'filter' && chain.name === 'INPUT';
  return isIptables ? iptablesCommand(opening) : nftCommand(opening, chain);
}

function iptablesCommand({ family, bridge, to, dns, replies }: Opening): string {
  return [
    `${family === 6 ? 'ip6tables' : 'iptables'} -I INPUT`,
    bridge && `-i ${bridge.replace('*', '+')}`,
    to && `-d ${to}`,
    dns && `-p ${dns} --dport 53`,
    replies && '-m conntrack --ctstate ESTABLISHED,RELATED',
    '-j ACCEPT',
  ]
    .filter(Boolean)
    .join(' ');
}

function nftCommand({ family, bridge, to, dns, replies }: Opening, chain: InputChain): string {
  const rule = [
    bridge && `iifname "${bridge}"`,
    to && `${family === 6 ? 'ip6' : 'ip'} daddr ${to}`,
    dns && `${dns} dport 53`,
    replies && 'ct state established,related',
    'accept',
  ].filter(Boolean);
  // For the shell, which would take the quotes.
  return `nft 'insert rule ${chain.family} ${chain.table} ${chain.name} ${rule.join(' ')}'`;
}
