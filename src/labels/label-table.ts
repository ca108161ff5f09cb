import { SCHEDULERS } from '../net/balancing.js';

/** One row of docs/labels.md. */
export interface LabelRow {
  readonly value: string;
  /** The default. */
  readonly otherwise: string;
  readonly meaning: string;
  /** `counts` where the label works everywhere in a services file too; otherwise what to write instead. */
  readonly inFile: string;
}

/** The prefix of every label of Fairlead. */
export const OWN_PREFIX = 'fairlead.';

/** Labels with this prefix describe a health check. `src/health/definitions/` defines and reads them. */
export const HEALTH_PREFIX = 'fairlead.health.';

/** Fairlead's own labels. They win over every other label. A test compares docs/labels.md with this table. */
export const ownLabels = {
  'fairlead.enable': {
    value: 'true, false',
    otherwise: 'true',
    meaning: 'false: the container is not served at all',
    inFile: 'remove entries that should not be served',
  },
  'fairlead.environment': {
    value: 'DNS label',
    otherwise: 'the daemon’s environment',
    meaning: 'its environment',
    inFile: 'all of a file belongs to the environment of its daemon; remove it',
  },
  'fairlead.stack': {
    value: 'DNS label',
    otherwise: 'other labels, or `default`',
    meaning: 'its stack',
    inFile: 'write the task below that stack (stacks.STACK)',
  },
  'fairlead.service': {
    value: 'DNS label',
    otherwise: 'other labels, or the container’s name',
    meaning: 'its service',
    inFile: 'write the task below that service (stacks.STACK.services.SERVICE)',
  },
  'fairlead.sidekick': {
    value: 'DNS label',
    otherwise: 'other labels, or none',
    meaning: 'makes it this sidekick of the service',
    inFile: 'write a service of its own',
  },
  'fairlead.name': {
    value: 'DNS name',
    otherwise: 'the container’s name',
    meaning: 'its name, which takes precedence over the one in Docker',
    inFile: 'use the key name of the task',
  },
  'fairlead.aliases': {
    value: 'DNS names, separated by commas',
    otherwise: 'none',
    meaning:
      'further names of the container, for clients on its networks; `ns`, `wpad`, `com` and the like are reserved',
    inFile: 'write a service with the key alias_of',
  },
  'fairlead.sealed': {
    value: 'true, false',
    otherwise: 'false',
    meaning: 'true: containers of other stacks cannot join its service by labels',
    inFile: 'write it on the service',
  },
  'fairlead.ports': {
    value: '[name=]port[:target][/tcp, /udp, /sctp], separated by commas',
    otherwise: 'exposed and published ports',
    meaning:
      'adds ports, and names them for SRV; `8080:80`: clients of the virtual IP connect to 8080, the container listens on 80',
    inFile: 'use the key ports of the service',
  },
  'fairlead.endpoint_mode': {
    value: 'dnsrr, vip',
    otherwise: 'the daemon’s setting',
    meaning: 'whether the service’s name answers its tasks or its virtual IP',
    inFile: 'use the key endpoint_mode of the service',
  },
  'fairlead.vip': {
    value: 'IP address',
    otherwise: 'one from `vip.pool`',
    meaning: 'the virtual IP of its service, an address of the pool',
    inFile: 'use the key vip of the service',
  },
  'fairlead.dns': {
    value: 'true, false',
    otherwise: '`io.rancher.container.dns`, or `sources.docker.adopt`',
    meaning:
      'true: the container asks Fairlead instead of Docker’s resolver; false: its resolv.conf stays unchanged',
    inFile: 'has no effect; remove it',
  },
  'fairlead.weight': {
    value: '0 to 65535',
    otherwise: '1',
    meaning: 'share of new traffic; 0: none',
    inFile: 'use the key weight of the task',
  },
  'fairlead.drain': {
    value: 'true, false',
    otherwise: 'false',
    meaning: 'true: the container takes no new traffic; open connections continue',
    inFile: 'counts',
  },
  'fairlead.scheduler': {
    value: SCHEDULERS.join(', '),
    otherwise: '`balancing.scheduler`',
    meaning: 'how the virtual IP chooses a task',
    inFile: 'use the key balancing.scheduler of the service',
  },
  'fairlead.affinity': {
    value: 'duration',
    otherwise: '`balancing.affinity`',
    meaning: 'how long a client address stays with the same task after its last connection; 0: no affinity',
    inFile: 'use the key balancing.affinity of the service',
  },
  'fairlead.max_connections': {
    value: '0 to 1000000',
    otherwise: '`balancing.maxConnections`',
    meaning: 'the most open connections of this container; 0: no limit',
    inFile: 'use the key max_connections of the task, or balancing.max_connections of the service',
  },
  'fairlead.service_max_connections': {
    value: '0 to 1000000',
    otherwise: '`balancing.serviceMaxConnections`',
    meaning: 'the most open connections of the service; 0: no limit',
    inFile: 'use the key balancing.service_max_connections of the service',
  },
  'fairlead.max_per_client': {
    value: '0 to 1000000',
    otherwise: '`balancing.maxPerClient`',
    meaning: 'the most open connections of one client address; 0: no limit',
    inFile: 'use the key balancing.max_per_client of the service',
  },
  'fairlead.proxy_protocol': {
    value: 'v1, v2, none',
    otherwise: '`balancing.proxyProtocol`',
    meaning: 'tasks receive a PROXY header with the address of the client',
    inFile: 'use the key balancing.proxy_protocol of the service',
  },
  'fairlead.accept_proxy': {
    value: 'true, false',
    otherwise: '`balancing.acceptProxy`',
    meaning: 'clients must begin with a PROXY header',
    inFile: 'use the key balancing.accept_proxy of the service',
  },
  'fairlead.on_down': {
    value: 'keep, reset',
    otherwise: '`balancing.onDown`',
    meaning: 'what happens to open connections when their task is gone or unhealthy',
    inFile: 'use the key balancing.on_down of the service',
  },
  'fairlead.idle_timeout': {
    value: 'duration',
    otherwise: '`balancing.idleTimeout`',
    meaning: 'ends a connection after this time without traffic; 0: never',
    inFile: 'use the key balancing.idle_timeout of the service',
  },
  'fairlead.drain_timeout': {
    value: 'duration',
    otherwise: '`balancing.drainTimeout`',
    meaning: 'ends open connections of a draining task after this time; 0: never',
    inFile: 'use the key balancing.drain_timeout of the service',
  },
  'fairlead.udp_replies': {
    value: '0 to 65535',
    otherwise: '`balancing.udpReplies`',
    meaning: 'ends a UDP session after this many replies (1 for DNS); 0: only after a timeout',
    inFile: 'use the key balancing.udp_replies of the service',
  },
  'fairlead.ops': {
    value: 'true, false',
    otherwise: '`balancing.ops`',
    meaning: 'UDP: a task is chosen for each datagram, not for each client address and port',
    inFile: 'use the key balancing.ops of the service',
  },
  'fairlead.slow_start': {
    value: 'duration',
    otherwise: '`balancing.slowStart`',
    meaning: 'how long a task that became healthy takes to reach its full weight',
    inFile: 'use the key balancing.slow_start of the service',
  },
  'fairlead.panic_threshold': {
    value: '0 to 1, or `30%`',
    otherwise: '`balancing.panicThreshold`',
    meaning: 'if a larger share of the tasks is unhealthy, all running tasks are served; 1: never',
    inFile: 'use the key balancing.panic_threshold of the service',
  },
  'fairlead.min_healthy': {
    value: '0 to 65535',
    otherwise: '`balancing.minHealthy`',
    meaning: 'if fewer tasks are healthy, unhealthy running ones are added up to this number; 0: never',
    inFile: 'use the key balancing.min_healthy of the service',
  },
  'fairlead.links': {
    value: 'alias=target, separated by commas',
    otherwise: '`docker run --link`',
    meaning: 'private names; a target is `service`, `service.stack` or a container',
    inFile: 'use the key links',
  },
  'fairlead.expose': {
    value: 'true, false',
    otherwise: 'false',
    meaning: 'true: clients that share no network with it see it too',
    inFile: 'every client can reach the tasks of a file; remove it',
  },
  'fairlead.dns.upstreams': {
    value: 'ip[:port] or tls://ip[:port][#name], separated by commas',
    otherwise: 'the configured servers',
    meaning: 'its own DNS servers, asked first for names outside the domain; only the first three count',
    inFile: 'use the key upstreams of the task',
  },
} as const satisfies Record<string, LabelRow>;

export type OwnLabel = keyof typeof ownLabels;

/** Labels of other programs that Fairlead understands, best first. */
export const foreignLabels = {
  'io.rancher.stack_service.name': 'Rancher',
  'io.rancher.project_service.name': 'Rancher',
  'io.rancher.stack.name': 'Rancher',
  'io.rancher.project.name': 'Rancher',
  'io.rancher.service.launch.config': 'Rancher',
  'io.rancher.container.name': 'Rancher',
  'com.docker.swarm.service.name': 'Swarm',
  'com.docker.stack.namespace': 'Swarm',
  'com.docker.compose.project': 'Compose',
  'com.docker.compose.service': 'Compose',
  'com.docker.compose.container-number': 'Compose',
  'com.docker.compose.oneoff': 'Compose',
  SERVICE_NAME: 'registrator',
  'SERVICE_<port>_NAME': 'registrator',
  SERVICE_IGNORE: 'registrator',
  'SERVICE_<port>_IGNORE': 'registrator',
} as const;

export type ForeignLabel = keyof typeof foreignLabels;
