import { commandsFor, dnsOpenings, vipOpening, type Opening } from './firewall-rules.js';
import { fail, ok, warn, type Finding, type HostFacts, type InsideFacts } from './host-facts.js';

const CHECK = 'inside';

/**
 * What containers can really reach. All other checks run on the host itself, where firewall rules about bridges do not
 * apply.
 */
export function checkInside(facts: HostFacts): Finding[] {
  const { inside = [], vips } = facts;
  const seen = inside.filter((each) => each.fault === undefined);
  const [unseen] = inside.filter((each) => each.fault !== undefined);
  const tried = [...(unseen ? [untried(unseen)] : []), ...checkOwn(facts)];
  if (seen.length === 0) return tried;
  const blamed = blamedFor(facts);
  const noDns = seen.filter(({ dns = [] }) =>
    dns.some((each) => isDropped(each.result) && blamed(each.address)),
  );
  const noRoute = seen.filter(({ dns = [] }) => dns.some(({ result }) => result === NO_ROUTE));
  const noVip = seen.filter(
    ({ vip }) => vip !== undefined && isDropped(vip.result) && vip.result !== 'ECONNREFUSED',
  );
  const answered = seen.filter(({ replies }) => replies !== undefined);
  // A container may have a firewall of its own. So a single reply shows that the host's lets replies in.
  const isUnheard = answered.length > 0 && answered.every(({ replies }) => replies === SILENCE);
  const pool = vips.state === 'wanted' ? vips.pool : undefined;
  const addresses = [...new Set(seen.flatMap(({ dns = [] }) => dns.map(({ address }) => address)))].filter(
    blamed,
  );
  const blocked = [
    ...checkBlocked(noDns, 'DNS', ({ dns = [] }) => dns.find(({ result }) => isDropped(result)), {
      facts,
      openings: (bridge) => addresses.flatMap((address) => dnsOpenings(bridge, hostOf(address))),
    }),
    ...checkBlocked(noVip, 'virtual IPs', ({ vip }) => vip, {
      facts,
      openings: (bridge) => (pool === undefined ? [] : [vipOpening(bridge, pool)]),
    }),
    ...(isUnheard ? [checkReplies(answered, facts)] : []),
  ];
  return [
    ...tried,
    ...blocked,
    ...noRoute.map(({ container, network }) =>
      warn(
        CHECK,
        `${container} has no route to Fairlead from ${network}, because the network is internal`,
        'also connect it to another network, or list the gateway of that network under dns.listen',
      ),
    ),
    ...(blocked.length + noRoute.length === 0 ? [reached(seen, addresses.length > 0)] : []),
  ];
}

/** The kernel's error code for a missing route. */
const NO_ROUTE = 'ENETUNREACH';
const SILENCE = 'no answer';

/** The container has a route, but got no answer or a refusal from a firewall. */
function isDropped(result: string): boolean {
  return result !== 'ok' && result !== NO_ROUTE;
}

/**
 * For which listeners a firewall is to blame if a container gets no answer: those that answer here, or would if the
 * firewall did not drop what the host sends to itself. If nothing answers for another reason, the finding about the
 * listener says so.
 */
function blamedFor({ listeners, firewall }: HostFacts): (address: string) => boolean {
  const answering = new Set(
    listeners.filter(({ answers }) => answers || firewall?.loopback === false).map(({ ip }) => ip),
  );
  return (address) => answering.has(hostOf(address));
}

function untried({ container, fault = '' }: InsideFacts): Finding {
  return warn(
    CHECK,
    `cannot find out whether ${container} reaches Fairlead: ${fault}`,
    'run the doctor as root on the host, with nsenter (util-linux)',
  );
}

/** Whether a firewall drops what this host sends to itself. */
function checkOwn(facts: HostFacts): Finding[] {
  if (facts.firewall?.loopback !== false) return [];
  const openings = ([4, 6] as const).map((family): Opening => ({ family, bridge: 'lo' }));
  return [
    blockedBy('a firewall drops packets of this host to itself, so its own programs reach no listener', {
      facts,
      openings,
    }),
  ];
}

function checkReplies(unheard: readonly InsideFacts[], facts: HostFacts): Finding {
  const openings: readonly Opening[] = [{ family: 4, replies: true }];
  const message =
    `a firewall drops the replies of containers to this host (${placesOf(unheard)}), ` +
    'so virtual IPs and health checks reach no task';
  return blockedBy(message, { facts, openings });
}

function checkBlocked(
  from: readonly InsideFacts[],
  what: string,
  target: (facts: InsideFacts) => { readonly address: string; readonly result: string } | undefined,
  {
    facts,
    openings,
  }: { readonly facts: HostFacts; readonly openings: (bridge: string) => readonly Opening[] },
): Finding[] {
  const [first] = from;
  const found = first && target(first);
  if (!found) return [];
  const how = facts.firewall?.loopback === false ? 'does not answer' : 'answers here, but not';
  const message =
    `containers do not reach ${what}: ${found.address} ${how} from ${placesOf(from)} ` +
    `(${found.result}); a firewall drops it`;
  return [blockedBy(message, { facts, openings: bridgesOf(from).flatMap(openings) })];
}

function placesOf(from: readonly InsideFacts[]): string {
  return from.map(({ container, network, bridge }) => `${container} on ${network} (${bridge})`).join(', ');
}

function blockedBy(
  message: string,
  { facts, openings }: { readonly facts: HostFacts; readonly openings: readonly Opening[] },
): Finding {
  const { docker, firewall } = facts;
  const backend = docker.state === 'up' ? docker.firewall : 'iptables';
  return {
    ...fail(CHECK, message, 'run these commands, and make the rules persistent:'),
    commands: commandsFor(openings, firewall?.chains, backend),
  };
}

function reached(seen: readonly InsideFacts[], isServing: boolean): Finding {
  const networks = seen.map(({ network }) => network).join(', ');
  const vip = seen.some((each) => each.vip !== undefined) ? ' and virtual IPs' : '';
  if (isServing) return ok(CHECK, `containers reach DNS${vip} from ${networks}`);
  return ok(
    CHECK,
    `the view from containers on ${networks} can be checked, but nothing answers DNS on this host yet`,
  );
}

/** The bridges of user networks have a common prefix, so one rule also covers networks created later. */
function bridgesOf(facts: readonly InsideFacts[]): readonly string[] {
  return [...new Set(facts.map(({ bridge }) => (/^br-[0-9a-f]{12}$/.test(bridge) ? 'br-*' : bridge)))];
}

/** `169.254.169.250` of `169.254.169.250:53`, `fd00::1` of `[fd00::1]:53`. */
function hostOf(address: string): string {
  return address.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
}
