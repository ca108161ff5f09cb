import {
  fail,
  ok,
  warn,
  type ContainerDns,
  type DockerFacts,
  type Finding,
  type HostFacts,
} from './host-facts.js';
import type { StatusJson } from '../../api/types/status-json.js';

/** The oldest API version for which the docker source needs no fallback (Engine 20.10). */
const OLDEST_API = [1, 41] as const;

export function checkDocker({ docker }: HostFacts): Finding[] {
  switch (docker.state) {
    case 'off':
      return [];
    case 'absent':
      return [
        fail(
          'docker',
          `${docker.path} does not exist`,
          'start Docker, set sources.docker.socket, or turn the source off with sources.docker: false',
        ),
      ];
    case 'no-socket':
      return [
        fail(
          'docker',
          `${docker.path} is not a socket`,
          'set sources.docker.socket to the path of the socket of the engine',
        ),
      ];
    case 'denied':
      return [
        fail('docker', `no permission to open ${docker.path}`, 'run as root, or join the group "docker"'),
      ];
    case 'silent':
      return [
        fail(
          'docker',
          `${docker.path} does not answer: ${docker.message ?? 'no reason given'}`,
          'run "systemctl status docker"',
        ),
      ];
    case 'up':
      return [engine(docker)];
  }
}

function engine({ engine: version, api, firewall, path }: Extract<DockerFacts, { state: 'up' }>): Finding {
  const message = `Engine ${version}, API ${api}, firewall ${firewall} (${path})`;
  const [major = 0, minor = 0] = api.split('.').map(Number);
  const old = major < OLDEST_API[0] || (major === OLDEST_API[0] && minor < OLDEST_API[1]);
  return old
    ? warn('docker', `${message}: older than API ${OLDEST_API.join('.')}`, 'update the engine')
    : ok('docker', message);
}

/** With a higher `ndots`, every Internet name costs one query per entry of the search list. Adoption sets 2. */
const USUAL_NDOTS = 2;

/** Whether containers are configured to ask Fairlead, and no other server. */
export function checkContainerDns({ docker, daemonJson, listeners, daemon }: HostFacts): Finding[] {
  if (docker.state === 'off') return [];
  const adoption = daemon.state === 'up' ? daemon.status.adoption : undefined;
  const own = new Set(listeners.map(({ ip }) => ip));
  const address = listeners[0]?.ip ?? '169.254.169.250';
  const containers = docker.state === 'up' ? docker.containers : [];
  return [
    ...(adoption ? checkAdoption(adoption) : []),
    ...(adoption && adoption.adopted > 0 ? [] : checkDaemonJson(daemonJson, { own, address, containers })),
    ...checkContainers(containers, own, address),
  ];
}

/** How many containers are adopted, and what prevents the adoption of others. */
function checkAdoption({ adopted, left, problems }: StatusJson['adoption']): Finding[] {
  const others = Object.values(left).reduce((total, each) => total + each, 0);
  if (adopted + others === 0) return [];
  const message = `${adopted} of ${adopted + others} containers are adopted`;
  const [first, ...more] = problems;
  if (first === undefined) return [ok('adoption', message)];
  const rest = more.length === 0 ? '' : ` (and ${more.length} more)`;
  const remedy = '"fairlead adopt" lists all; docs/adoption.md explains what each needs';
  return [warn('adoption', `${message}; others cannot be: ${first}${rest}`, remedy)];
}

interface Asking {
  /** The addresses of Fairlead's listeners, and the one to name. */
  readonly own: ReadonlySet<string>;
  readonly address: string;
  readonly containers: readonly ContainerDns[];
}

function checkDaemonJson(
  daemonJson: HostFacts['daemonJson'],
  { own, address, containers }: Asking,
): Finding[] {
  if (daemonJson.state === 'unreadable') {
    return [
      warn('containers', `/etc/docker/daemon.json cannot be read: ${daemonJson.message}`, 'fix the file'),
    ];
  }
  const told = daemonJson.state === 'read' ? daemonJson.dns : [];
  const ndots = daemonJson.state === 'read' ? (daemonJson.ndots ?? 0) : 0;
  const others = told.filter((each) => !own.has(each));
  const manyDots =
    ndots > USUAL_NDOTS
      ? [
          warn(
            'containers',
            `Docker's daemon.json sets ndots:${ndots}: names with fewer dots are asked with every search domain first`,
            'remove it from "dns-opts"; short names work without it',
          ),
        ]
      : [];
  // dockerd's option --dns does the same as the file.
  const byOption = containers.some(
    ({ servers = [], isOwnChoice }) => isOwnChoice !== true && servers.some((each) => own.has(each)),
  );
  if (told.length === 0 && byOption) return [ok('containers', `Docker tells containers to ask ${address}`)];
  if (others.length === told.length) {
    const now = told.length === 0 ? 'names no DNS server' : `names ${told.join(', ')}`;
    return [
      warn(
        'containers',
        `Docker's daemon.json ${now}: so containers do not ask Fairlead unless they are started with it`,
        `set "dns": ["${address}"] in /etc/docker/daemon.json and restart Docker, or start containers with --dns ${address}`,
      ),
      ...manyDots,
    ];
  }
  if (others.length > 0) {
    return [
      warn(
        'containers',
        `Docker's daemon.json names ${others.join(', ')} beside Fairlead: some resolvers (musl) ask all servers at once and take the first answer, so names of services sometimes fail`,
        `name only Fairlead ("dns": ["${address}"]) and list the others under dns.upstreams`,
      ),
      ...manyDots,
    ];
  }
  return [ok('containers', `Docker tells containers to ask ${told.join(', ')}`), ...manyDots];
}

/** How many containers a finding names. */
const MAX_NAMED = 5;

/** A container keeps the resolv.conf that it was started with, even if daemon.json has changed since. */
function checkContainers(
  containers: readonly ContainerDns[],
  own: ReadonlySet<string>,
  address: string,
): Finding[] {
  const known = containers.filter(({ servers }) => servers !== undefined);
  if (known.length === 0) return [];
  const elsewhere = known.filter(({ servers = [] }) => !servers.some((each) => own.has(each)));
  const mixed = known.filter(
    ({ servers = [] }) => servers.some((each) => own.has(each)) && servers.some((each) => !own.has(each)),
  );
  const dotted = known.filter(({ ndots = 0 }) => ndots > USUAL_NDOTS);
  const findings = [
    ...told(elsewhere, 'do not ask Fairlead', `recreate them, or start them with --dns ${address}`),
    ...told(mixed, 'ask other servers beside Fairlead', `start them with only --dns ${address}`),
    ...told(dotted, 'have ndots above 2', 'remove ndots; short names work without it'),
  ];
  return findings.length > 0
    ? findings
    : [ok('resolvers', `${known.length} of ${containers.length} containers examined: all ask Fairlead`)];
}

function told(containers: readonly ContainerDns[], what: string, remedy: string): Finding[] {
  if (containers.length === 0) return [];
  const named = containers.slice(0, MAX_NAMED).map(({ name }) => name);
  const more = containers.length > MAX_NAMED ? ` and ${containers.length - MAX_NAMED} more` : '';
  return [warn('resolvers', `running containers ${what}: ${named.join(', ')}${more}`, remedy)];
}
