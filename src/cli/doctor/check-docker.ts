import { fail, ok, warn, type DockerFacts, type Finding, type HostFacts } from './host-facts.js';

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

/** Whether containers are told to ask Fairlead at all. */
export function checkContainerDns({ docker, daemonJson, listeners }: HostFacts): Finding[] {
  if (docker.state === 'off') return [];
  const [first] = listeners;
  const remedy = `set "dns": ["${first?.ip ?? '169.254.169.250'}"] in /etc/docker/daemon.json and restart Docker, or start containers with --dns`;
  if (daemonJson.state === 'unreadable') {
    return [
      warn('containers', `/etc/docker/daemon.json cannot be read: ${daemonJson.message}`, 'mend the file'),
    ];
  }
  const told = daemonJson.state === 'read' ? daemonJson.dns : [];
  const hit = listeners.find(({ ip }) => told.includes(ip));
  if (hit) return [ok('containers', `Docker tells containers to ask ${hit.ip}`)];
  const now = told.length === 0 ? 'names no DNS server' : `names ${told.join(', ')}`;
  return [
    warn('containers', `Docker's daemon.json ${now}: containers do not ask Fairlead by themselves`, remedy),
  ];
}
