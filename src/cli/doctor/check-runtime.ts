import { fail, ok, warn, type Finding, type HostFacts } from './host-facts.js';

/** Node's ends of life (nodejs/Release schedule.json): last day of support. */
const END_OF_LIFE: ReadonlyMap<number, string> = new Map([
  [20, '2026-04-30'],
  [22, '2027-04-30'],
  [24, '2028-04-30'],
]);

const OLDEST = [20, 19] as const;
const LATEST_LTS = 24;

export function checkNode({ node, now }: HostFacts): Finding {
  const [major = 0, minor = 0] = node.split('.').map(Number);
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
    return fail(
      'node',
      `Node ${node} is older than ${OLDEST.join('.')}, which Fairlead needs`,
      `install Node ${LATEST_LTS}`,
    );
  }
  const last = END_OF_LIFE.get(major);
  if (last === undefined && major <= LATEST_LTS) {
    return warn(
      'node',
      `Node ${node} is not a long-term release and is out of support`,
      `install Node ${LATEST_LTS}`,
    );
  }
  if (last !== undefined && now >= Date.parse(last) + 86_400_000) {
    return warn('node', `Node ${node} has had no security fixes since ${last}`, `install Node ${LATEST_LTS}`);
  }
  return ok('node', last === undefined ? `Node ${node}` : `Node ${node}, supported until ${last}`);
}

export function checkConfig({ config }: HostFacts): Finding {
  const { path = 'no file, defaults', errors } = config;
  const [first, ...more] = errors;
  if (first === undefined) return ok('config', path);
  const rest = more.length === 0 ? '' : ` (and ${more.length} more)`;
  return fail('config', `${first}${rest}`, 'fix it; "fairlead config validate" lists all errors');
}

export function checkSysctls({ sysctls, platform }: HostFacts): Finding[] {
  if (platform !== 'linux') {
    return [
      warn(
        'platform',
        `${platform} is not Linux, so addresses are not added to interfaces`,
        'run Fairlead on Linux, or listen on 127.0.0.1',
      ),
    ];
  }
  const { unprivilegedPortStart, rpFilter } = sysctls;
  const facts = [
    unprivilegedPortStart === undefined ? undefined : `ip_unprivileged_port_start ${unprivilegedPortStart}`,
    rpFilter === undefined ? undefined : `rp_filter ${rpFilter}`,
  ].filter((each) => each !== undefined);
  return facts.length === 0 ? [] : [ok('sysctls', facts.join(', '))];
}
