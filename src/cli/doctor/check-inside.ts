import { ipFamily } from '../../net/ip.js';
import { fail, ok, warn, type Finding, type HostFacts, type InsideFacts } from './host-facts.js';

/**
 * What containers can really reach. All other checks run on the host itself, where firewall rules about bridges do not
 * apply.
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
            `cannot find out whether ${unseen.container} reaches Fairlead: ${unseen.fault ?? ''}`,
            'run the doctor as root on the host, with nsenter (util-linux)',
          ),
        ];
  if (seen.length === 0) return tried;
  const firewall = docker.state === 'up' ? docker.firewall : 'iptables';
  const answering = new Set(listeners.filter(({ answers }) => answers).map(({ ip }) => ip));
  // If nothing answers on the host either, the finding about the listener says so.
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
        `${container} has no route to Fairlead from ${network}, because the network is internal`,
        'also connect it to another network, or list the gateway of that network under dns.listen',
      ),
    ),
    ...(noDns.length + noVip.length + noRoute.length === 0 ? [reached(seen, answering.size > 0)] : []),
  ];
}

/** The kernel's error code for a missing route. */
const NO_ROUTE = 'ENETUNREACH';

/** The container has a route, but got no answer or a refusal from a firewall. */
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
  return [fail('inside', message, `add these rules, and make them persistent: ${rules.join('; ')}`)];
}

function reached(seen: readonly InsideFacts[], isServing: boolean): Finding {
  const networks = seen.map(({ network }) => network).join(', ');
  const vip = seen.some((each) => each.vip !== undefined) ? ' and virtual IPs' : '';
  if (isServing) return ok('inside', `containers reach DNS${vip} from ${networks}`);
  return ok(
    'inside',
    `the view from containers on ${networks} can be checked, but nothing answers DNS on this host yet`,
  );
}

/** The bridges of user networks have a common prefix, so one rule also covers networks created later. */
function bridgesOf(facts: readonly InsideFacts[]): readonly string[] {
  return [...new Set(facts.map(({ bridge }) => (bridge.startsWith('br-') ? 'br-*' : bridge)))];
}

/** The rules that let containers in, in the syntax of the host's firewall. */
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
