import type { StatusJson } from '../../api/types/status-json.js';
import { formatHostPort } from '../../net/ip.js';
import type { VipWay } from '../../net/vip-figures.js';
import { count } from '../format/words.js';
import { fail, ok, warn, type Finding, type HostFacts, type VipFacts } from './host-facts.js';

const CHECK = 'vip';
const OFF = 'virtual IPs would be off';
/** Numbers of linux/capability.h. */
const CAPABILITIES = [
  [12, 'CAP_NET_ADMIN'],
  [10, 'CAP_NET_BIND_SERVICE'],
] as const;

/** How many pairs of bridges a line names. */
const MOST = 6;

type Wanted = Extract<VipFacts, { state: 'wanted' }>;

/** As sysctl(8) has it. */
const REUSE = { never: 0, always: 1, loopback: 2 } as const;
/** Fewer ports are soon used up: a connection holds one for a minute after its end. */
const FEW_PORTS = 16_384;

/** Whether virtual IPs can be carried here, and how much; of a running daemon, whether what carries them is still in place. */
export function checkVips(facts: HostFacts): Finding[] {
  const findings = checkCarrying(facts);
  return findings.length > 0 && facts.vips.state === 'wanted'
    ? [...findings, ...checkPorts(facts)]
    : findings;
}

/** How many connections this host can have to one task: what short ones are limited by. */
function checkPorts({ sysctls: { ports } }: HostFacts): Finding[] {
  if (!ports) return [];
  const { first, last, reuse } = ports;
  const number = last - first + 1;
  const range = `net.ipv4.ip_local_port_range is ${first} to ${last}`;
  if (number < FEW_PORTS)
    return [
      warn(
        CHECK,
        `${range}: this host can have ${number} connections to one task, those closed in the last minute included`,
        'widen it: sysctl -w net.ipv4.ip_local_port_range="32768 60999"',
      ),
    ];
  const what = `${range}, net.ipv4.tcp_tw_reuse ${REUSE[reuse]}`;
  const limit =
    reuse === 'always'
      ? 'ports of connections that are over are used again'
      : `about ${Math.round(number / 60)} short connections a second to one task; net.ipv4.tcp_tw_reuse=1 lifts that`;
  return [ok(CHECK, `${what}: ${limit}`)];
}

function checkCarrying(facts: HostFacts): Finding[] {
  const { vips, daemon } = facts;
  if (daemon.state === 'up') {
    const { plane, why = 'no reason given', wanted } = daemon.status.vips;
    if (plane !== 'off') return vips.state === 'off' ? [] : checkRunning(vips, daemon.status.vips);
    if (wanted !== true) return [ok(CHECK, `virtual IPs are off: ${why}`)];
    const { what, remedy } = split(why);
    return [
      warn(
        CHECK,
        `virtual IPs are off, so names are answered with tasks: ${what}`,
        `${remedy}; then restart the daemon`,
      ),
    ];
  }
  if (facts.platform !== 'linux' || daemon.state === 'denied') return [];
  if (vips.state === 'off') return [ok(CHECK, 'virtual IPs are off')];
  return checkBefore(vips, facts);
}

/** What would make a daemon that starts now run without virtual IPs. */
function checkBefore(vips: Wanted, { capabilities }: HostFacts): Finding[] {
  const { pool, isChosen, isLoopback, conflicts, route, rulesFault, bindFault } = vips;
  const [conflict] = conflicts;
  const findings: Finding[] = [];
  if (conflict !== undefined) {
    const { what, remedy } = split(conflict);
    findings.push(isChosen ? fail(CHECK, what, remedy) : warn(CHECK, `${OFF}: ${what}`, remedy));
  }
  if (isLoopback) return findings.length > 0 ? findings : [ok(CHECK, `${pool} is already local`)];
  const lacks = CAPABILITIES.filter(([number]) => capabilities?.includes(number) === false);
  if (lacks.length > 0) {
    const names = lacks.map(([, name]) => name);
    findings.push(
      off(
        `this user lacks ${names.join(' and ')}`,
        `run as root or with AmbientCapabilities=${names.join(' ')} in the systemd unit`,
      ),
    );
  }
  if (typeof route === 'string') findings.push(off(...told(route, 'find out why "ip route show" fails')));
  // Without the capability, nothing can be tried.
  if (rulesFault !== undefined && (lacks.length === 0 || /no "nft"/.test(rulesFault)))
    findings.push(
      off(...told(`nft refuses the rules: ${rulesFault}`, 'use a kernel with nf_tables and NAT')),
    );
  if (bindFault !== undefined && lacks.length === 0)
    findings.push(off(...told(bindFault, 'use an IPv4 pool')));
  if (findings.length > 0) return findings;
  return [ok(CHECK, `virtual IPs of ${pool} can be carried: nothing overlaps it, and ip and nft work`)];
}

function off(what: string, remedy: string): Finding {
  return warn(CHECK, `${OFF}: ${what}`, `${remedy}, or set vip to false`);
}

/** Other programs may have removed what a running daemon set up on the host. */
function checkRunning(vips: Wanted, { services, carrier }: StatusJson['vips']): Finding[] {
  const { pool, isLoopback, conflicts, route, rules, carried } = vips;
  const findings = conflicts.slice(0, 1).map((conflict) => {
    const { what, remedy } = split(conflict);
    return warn(CHECK, what, remedy);
  });
  const ports = `${count(services, 'port')} of virtual IPs of ${pool}`;
  if (isLoopback) return [...findings, ok(CHECK, `${ports}, which are already local`)];
  if (route === false)
    findings.push(
      fail(
        CHECK,
        `the route that makes ${pool} local is gone, so virtual IPs cannot be reached`,
        'the daemon restores it within 30 s; "ip monitor route" shows what removes it',
      ),
    );
  const rulesFault = faultOf(rules, carried);
  if (rulesFault !== undefined)
    findings.push(
      fail(
        CHECK,
        `${rulesFault}: connections to virtual IPs are refused`,
        'the daemon writes it again within 30 s; "nft monitor" shows what flushes or replaces the rules',
      ),
    );
  if (findings.length > 0) return findings;
  const seen =
    rules.state === 'hidden'
      ? 'the route is in place; only root can see the rules'
      : 'route and rules are in place';
  return [ok(CHECK, `${ports}: ${seen}`), ...checkKernel(carrier.kernel, services)];
}

/** Which plane carries, where the kernel is to do it. A plane that was chosen and cannot carry is a problem of the daemon's. */
function checkKernel(kernel: StatusJson['vips']['carrier']['kernel'], services: number): Finding[] {
  if (!kernel) return [];
  const { services: led, why, ways = [] } = kernel;
  if (why !== undefined) return [ok(CHECK, `the proxy carries all of them, because ${why}`)];
  const rest = led < services ? `, the proxy the rest: "fairlead vips -o wide" says why` : '';
  return [ok(CHECK, `the kernel carries ${led} of ${count(services, 'port')}${rest}`), ...checkWays(ways)];
}

/** Which plane carries connections from one bridge to another, and why. */
function checkWays(ways: readonly VipWay[]): Finding[] {
  const open = ways.filter(({ why }) => why === undefined);
  const seen = open.map(({ from, to, source = 'host' }) => `${from} to ${to} (tasks see the ${source})`);
  const closed = new Map<string, string[]>();
  for (const { from, to, why } of ways)
    if (why !== undefined) closed.set(why, [...(closed.get(why) ?? []), `${from} to ${to}`]);
  return [
    ...(open.length > 0 ? [ok(CHECK, `the kernel carries connections from ${some(seen)}`)] : []),
    ...Array.from(closed, ([line, pairs]) => {
      const { what, remedy } = split(line);
      const message = `the proxy carries connections from ${some(pairs)}, because ${what}`;
      return remedy === '' ? ok(CHECK, message) : warn(CHECK, message, remedy);
    }),
  ];
}

/** The first few of a list. */
function some(words: readonly string[]): string {
  const more = words.length - MOST;
  return more > 0 ? `${words.slice(0, MOST).join(', ')} and ${more} more` : words.join(', ');
}

function faultOf(rules: Wanted['rules'], carried: readonly string[]): string | undefined {
  if (rules.state === 'hidden') return undefined;
  if (rules.state === 'absent') return 'the nftables table fairlead_vip is gone';
  if (!rules.complete) return 'the nftables table fairlead_vip was changed by another program';
  const led = new Set(rules.redirects.map(({ vip, port }) => formatHostPort({ ip: vip, port })));
  const missing = carried.filter((each) => !led.has(each));
  return missing.length === 0
    ? undefined
    : `the nftables table fairlead_vip has no rule for ${missing.length} of ${count(carried.length, 'port')} (${missing.slice(0, 3).join(', ')})`;
}

/** One line of "what and why; what to do". */
function split(line: string): { readonly what: string; readonly remedy: string } {
  const [what = '', ...remedy] = line.split('; ');
  return { what, remedy: remedy.join('; ') };
}

function told(line: string, otherwise: string): [what: string, remedy: string] {
  const { what, remedy } = split(line);
  return [what, remedy || otherwise];
}
