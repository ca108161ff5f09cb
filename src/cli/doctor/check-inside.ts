import { ipFamily } from '../../net/ip.js';
import { fail, ok, warn, type Finding, type HostFacts, type InsideFacts } from './host-facts.js';

/**
 * What containers really reach. All other checks look at the host from the host, where no rule of its firewall that is about
 * bridges holds.
 */
export function checkInside({ inside = [], docker, listeners, vips }: HostFacts): Finding[] {
  const seen = inside.filter((each) => each.fault === undefined);
  const [unseen] = inside.filter((each) => each.fault !== undefined);
  const tried =
    unseen === undefined
      ? []
      : [
          warn(
            'inside',
            `it could not be seen whether ${unseen.container} reaches Fairlead: ${unseen.fault ?? ''}`,
            'run the doctor as root on the host, with nsenter (util-linux)',
          ),
        ];
  if (seen.length === 0) return tried;
  const firewall = docker.state === 'up' ? docker.firewall : 'iptables';
  const answering = new Set(listeners.filter(({ answers }) => answers).map(({ ip }) => ip));
  // Where nothing answers on the host either, the listener has a finding of its own.
  const noDns = seen.filter(({ dns = [] }) =>
    dns.some(({ address, result }) => isDropped(result) && answering.has(hostOf(address))),
  );
  const noRoute = seen.filter(({ dns = [] }) => dns.some(({ result }) => result === NO_ROUTE));
  const noVip = seen.filter(
    ({ vip }) => vip !== undefined && isDropped(vip.result) && vip.result !== 'ECONNREFUSED',
  );
  const pool = vips.state === 'wanted' ? vips.pool : undefined;
  const rules = rulesFor({
    firewall,
    bridges: bridgesOf([...noDns, ...noVip]),
    listeners: noDns.length > 0 ? [...answering] : [],
    pool: noVip.length > 0 ? pool : undefined,
  });
  return [
    ...tried,
    ...blocked(noDns, 'DNS', ({ dns = [] }) => dns.find(({ result }) => isDropped(result)), rules),
    ...blocked(noVip, 'virtual IPs', ({ vip }) => vip, rules),
    ...noRoute.map(({ container, network }) =>
      warn(
        'inside',
        `${container} has no route to Fairlead from ${network}: an internal network has none`,
        'connect it to another network too, or list the gateway of that network under dns.listen',
      ),
    ),
    ...(noDns.length + noVip.length + noRoute.length === 0 ? [reached(seen, answering.size > 0)] : []),
  ];
}

/** The kernel's word for no route. */
const NO_ROUTE = 'ENETUNREACH';

/** No answer, or a refusal that a firewall sent: the container has a route. */
function isDropped(result: string): boolean {
  return result !== 'ok' && result !== NO_ROUTE;
}

function blocked(
  from: readonly InsideFacts[],
  what: string,
  target: (facts: InsideFacts) => { readonly address: string; readonly result: string } | undefined,
  rules: readonly string[],
): Finding[] {
  const [first] = from;
  const found = first && target(first);
  if (!found) return [];
  const networks = from.map(({ container, network, bridge }) => `${container} on ${network} (${bridge})`);
  const message =
    `containers do not reach ${what}: ${found.address} answers here, but not from ${networks.join(', ')} ` +
    `(${found.result}); a firewall drops it`;
  return [fail('inside', message, `add these rules, and make them last over restarts: ${rules.join('; ')}`)];
}

function reached(seen: readonly InsideFacts[], isServing: boolean): Finding {
  const networks = seen.map(({ network }) => network).join(', ');
  const vip = seen.some((each) => each.vip !== undefined) ? ' and virtual IPs' : '';
  if (isServing) return ok('inside', `containers reach DNS${vip} from ${networks}`);
  return ok('inside', `containers on ${networks} can be looked from; nothing answers DNS on this host yet`);
}

/** All bridges of user networks begin alike: one rule holds for those that come later too. */
function bridgesOf(facts: readonly InsideFacts[]): readonly string[] {
  return [...new Set(facts.map(({ bridge }) => (bridge.startsWith('br-') ? 'br-*' : bridge)))];
}

/** The rules that let containers in, as the firewall of the host takes them. */
export function rulesFor({
  firewall,
  bridges,
  listeners,
  pool,
}: {
  readonly firewall: string;
  readonly bridges: readonly string[];
  readonly listeners: readonly string[];
  readonly pool: string | undefined;
}): readonly string[] {
  const isNft = firewall === 'nftables';
  return bridges.flatMap((bridge) => [
    ...listeners.flatMap((ip) =>
      ['udp', 'tcp'].map((protocol) =>
        isNft
          ? `nft insert rule inet filter input iifname "${bridge}" ${familyWord(ip)} daddr ${ip} ${protocol} dport 53 accept`
          : `${command(ip)} -I INPUT -i ${bridge.replace('*', '+')} -d ${ip} -p ${protocol} --dport 53 -j ACCEPT`,
      ),
    ),
    ...(pool === undefined
      ? []
      : [
          isNft
            ? `nft insert rule inet filter input iifname "${bridge}" ${familyWord(networkOf(pool))} daddr ${pool} accept`
            : `${command(networkOf(pool))} -I INPUT -i ${bridge.replace('*', '+')} -d ${pool} -j ACCEPT`,
        ]),
  ]);
}

const familyWord = (ip: string) => (ipFamily(ip) === 6 ? 'ip6' : 'ip');
const command = (ip: string) => (ipFamily(ip) === 6 ? 'ip6tables' : 'iptables');
const networkOf = (cidr: string) => cidr.split('/')[0] ?? cidr;

/** `169.254.169.250` of `169.254.169.250:53`, `fd00::1` of `[fd00::1]:53`. */
function hostOf(address: string): string {
  return address.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
}
