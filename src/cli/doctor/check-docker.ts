import {
  fail,
  ok,
  warn,
  type ContainerDns,
  type DockerFacts,
  type Finding,
  type HostFacts,
} from './host-facts.js';
import type { StatusJson } from '../../api/types/status.js';

/** The API version that has all that the docker source asks for without a fallback (Engine 20.10). */
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
          `${docker.path} is no socket`,
          "set sources.docker.socket to the path of the engine's socket",
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
          'look at "systemctl status docker"',
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
    ? warn('docker', `${message}: older than API ${OLDEST_API.join('.')}`, 'bring the engine up to date')
    : ok('docker', message);
}

/** More dots than this in `ndots` make every name of the Internet cost as many queries as the search list is long. Adoption sets 2. */
const USUAL_NDOTS = 2;

/** Whether containers are told to ask Fairlead at all, and nobody else. */
export function checkContainerDns({ docker, daemonJson, listeners, daemon }: HostFacts): Finding[] {
  if (docker.state === 'off') return [];
  const adoption = daemon.state === 'up' ? daemon.status.adoption : undefined;
  const own = new Set(listeners.map(({ ip }) => ip));
  const address = listeners[0]?.ip ?? '169.254.169.250';
  return [
    ...(adoption ? checkAdoption(adoption) : []),
    ...(adoption && adoption.adopted > 0 ? [] : checkDaemonJson(daemonJson, own, address)),
    ...(docker.state === 'up' ? checkContainers(docker.containers, own, address) : []),
  ];
}

/** How many containers ask Fairlead by adoption, and what keeps others from it. */
function checkAdoption({ adopted, left, problems }: StatusJson['adoption']): Finding[] {
  const others = Object.values(left).reduce((total, each) => total + each, 0);
  if (adopted + others === 0) return [];
  const message = `${adopted} of ${adopted + others} containers are adopted`;
  const [first, ...more] = problems;
  if (first === undefined) return [ok('adoption', message)];
  const rest = more.length === 0 ? '' : ` (and ${more.length} more)`;
  const remedy = '"fairlead adopt" lists all; docs/adoption.md says what each needs';
  return [warn('adoption', `${message}; others cannot be: ${first}${rest}`, remedy)];
}

function checkDaemonJson(
  daemonJson: HostFacts['daemonJson'],
  own: ReadonlySet<string>,
  address: string,
): Finding[] {
  if (daemonJson.state === 'unreadable') {
    return [
      warn('containers', `/etc/docker/daemon.json cannot be read: ${daemonJson.message}`, 'mend the file'),
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
            'take it out of "dns-opts"; short names work without it',
          ),
        ]
      : [];
  if (others.length === told.length) {
    const now = told.length === 0 ? 'names no DNS server' : `names ${told.join(', ')}`;
    return [
      warn(
        'containers',
        `Docker's daemon.json ${now}: containers do not ask Fairlead by themselves`,
        `set "dns": ["${address}"] in /etc/docker/daemon.json and restart Docker, or start containers with --dns ${address}`,
      ),
      ...manyDots,
    ];
  }
  if (others.length > 0) {
    return [
      warn(
        'containers',
        `Docker's daemon.json names ${others.join(', ')} beside Fairlead: some resolvers (musl) ask all servers at once and take the first answer, so own names are sometimes denied`,
        `name Fairlead alone ("dns": ["${address}"]) and give it the others as dns.upstreams`,
      ),
      ...manyDots,
    ];
  }
  return [ok('containers', `Docker tells containers to ask ${told.join(', ')}`), ...manyDots];
}

/** How many containers a finding names. */
const MAX_NAMED = 5;

/** A container keeps the resolv.conf that it was started with, whatever daemon.json says by now. */
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
    ...told(elsewhere, 'do not ask Fairlead', `create them anew, or start them with --dns ${address}`),
    ...told(mixed, 'ask others beside Fairlead', `start them with --dns ${address} alone`),
    ...told(dotted, 'have ndots above 2', 'leave ndots out: short names work without it'),
  ];
  return findings.length > 0
    ? findings
    : [ok('resolvers', `${known.length} of ${containers.length} containers looked at: all ask Fairlead`)];
}

function told(containers: readonly ContainerDns[], what: string, remedy: string): Finding[] {
  if (containers.length === 0) return [];
  const named = containers.slice(0, MAX_NAMED).map(({ name }) => name);
  const more = containers.length > MAX_NAMED ? ` and ${containers.length - MAX_NAMED} more` : '';
  return [warn('resolvers', `running containers ${what}: ${named.join(', ')}${more}`, remedy)];
}
