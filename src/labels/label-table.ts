import { SCHEDULERS } from '../net/balancing.js';

/** One row of docs/labels.md. */
export interface LabelRow {
  readonly value: string;
  /** What holds without it. */
  readonly otherwise: string;
  readonly meaning: string;
  /** `counts` where the label works everywhere in a services file too; otherwise what to write instead. */
  readonly inFile: string;
}

/** Every label of Fairlead begins with it. */
export const OWN_PREFIX = 'fairlead.';

/** Labels with this prefix describe a health check. `src/health/definitions/` has their words and reads them. */
export const HEALTH_PREFIX = 'fairlead.health.';

/** Fairlead's own labels. They win over every other label. A test holds docs/labels.md against this table. */
export const ownLabels = {
  'fairlead.enable': {
    value: 'true, false',
    otherwise: 'true',
    meaning: 'false: the container is not served at all',
    inFile: 'leave out what is not to be served',
  },
  'fairlead.environment': {
    value: 'DNS label',
    otherwise: 'the daemon’s environment',
    meaning: 'the environment it belongs to',
    inFile: 'a file is all of the environment of its daemon; remove it',
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
    meaning: 'it is this sidekick of the service',
    inFile: 'write a service of its own',
  },
  'fairlead.name': {
    value: 'DNS name',
    otherwise: 'the container’s name',
    meaning: 'its own name, before the one that Docker knows',
    inFile: 'use the key name of the task',
  },
  'fairlead.aliases': {
    value: 'DNS names, comma between',
    otherwise: 'none',
    meaning:
      'further names of the container, for those on its networks; `ns`, `wpad`, `com` and the like are reserved',
    inFile: 'write a service with the key alias_of',
  },
  'fairlead.sealed': {
    value: 'true, false',
    otherwise: 'false',
    meaning: 'true: containers of other stacks cannot join its service by labels',
    inFile: 'write it on the service',
  },
  'fairlead.ports': {
    value: '[name=]port[:target][/tcp, /udp, /sctp], comma between',
    otherwise: 'exposed and published ports',
    meaning:
      'adds ports, and names them for SRV; `8080:80`: clients of the virtual IP dial 8080, the container listens on 80',
    inFile: 'use the key ports of the service',
  },
  'fairlead.endpoint_mode': {
    value: 'dnsrr, vip',
    otherwise: 'the daemon’s setting',
    meaning: 'what the service’s name answers: its tasks or its virtual IP',
    inFile: 'use the key endpoint_mode of the service',
  },
  'fairlead.vip': {
    value: 'IP address',
    otherwise: 'one from `vip.pool`',
    meaning: 'the virtual IP of its service; it must be one of the pool',
    inFile: 'use the key vip of the service',
  },
  'fairlead.dns': {
    value: 'true, false',
    otherwise: '`io.rancher.container.dns`, or `sources.docker.adopt`',
    meaning:
      'true: the container asks Fairlead instead of Docker’s resolver; false: its resolv.conf is left alone',
    inFile: 'has no effect; remove it',
  },
  'fairlead.weight': {
    value: '0 to 65535',
    otherwise: '1',
    meaning: 'share of new traffic; 0 takes none',
    inFile: 'use the key weight of the task',
  },
  'fairlead.drain': {
    value: 'true, false',
    otherwise: 'false',
    meaning: 'true: the container takes no new traffic; what is open goes on',
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
    meaning: 'a client address stays with its task until it was away for so long; 0: no affinity',
    inFile: 'use the key balancing.affinity of the service',
  },
  'fairlead.max_connections': {
    value: '0 to 1000000',
    otherwise: '`balancing.maxConnections`',
    meaning: 'open connections of this container; 0: no limit',
    inFile: 'use the key max_connections of the task, or balancing.max_connections of the service',
  },
  'fairlead.service_max_connections': {
    value: '0 to 1000000',
    otherwise: '`balancing.serviceMaxConnections`',
    meaning: 'open connections of the service; 0: no limit',
    inFile: 'use the key balancing.service_max_connections of the service',
  },
  'fairlead.max_per_client': {
    value: '0 to 1000000',
    otherwise: '`balancing.maxPerClient`',
    meaning: 'open connections of one client address; 0: no limit',
    inFile: 'use the key balancing.max_per_client of the service',
  },
  'fairlead.proxy_protocol': {
    value: 'v1, v2, none',
    otherwise: '`balancing.proxyProtocol`',
    meaning: 'a PROXY header tells the task who the client is',
    inFile: 'use the key balancing.proxy_protocol of the service',
  },
  'fairlead.accept_proxy': {
    value: 'true, false',
    otherwise: '`balancing.acceptProxy`',
    meaning: 'clients begin with a PROXY header',
    inFile: 'use the key balancing.accept_proxy of the service',
  },
  'fairlead.on_down': {
    value: 'keep, reset',
    otherwise: '`balancing.onDown`',
    meaning: 'what becomes of open connections when their task is gone or unhealthy',
    inFile: 'use the key balancing.on_down of the service',
  },
  'fairlead.idle_timeout': {
    value: 'duration',
    otherwise: '`balancing.idleTimeout`',
    meaning: 'a connection on which nothing moves ends after this; 0: never',
    inFile: 'use the key balancing.idle_timeout of the service',
  },
  'fairlead.drain_timeout': {
    value: 'duration',
    otherwise: '`balancing.drainTimeout`',
    meaning: 'open connections of a draining task end after this; 0: never',
    inFile: 'use the key balancing.drain_timeout of the service',
  },
  'fairlead.udp_replies': {
    value: '0 to 65535',
    otherwise: '`balancing.udpReplies`',
    meaning: 'a UDP session ends after so many replies (1 for DNS); 0: by time only',
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
    meaning: 'the share of a task that became healthy grows to its full weight over this time',
    inFile: 'use the key balancing.slow_start of the service',
  },
  'fairlead.panic_threshold': {
    value: '0 to 1, or `30%`',
    otherwise: '`balancing.panicThreshold`',
    meaning: 'the part of the tasks that may be unhealthy before all that run are given; 1: never',
    inFile: 'use the key balancing.panic_threshold of the service',
  },
  'fairlead.min_healthy': {
    value: '0 to 65535',
    otherwise: '`balancing.minHealthy`',
    meaning: 'when fewer tasks are healthy, unhealthy ones that run fill up; 0: never',
    inFile: 'use the key balancing.min_healthy of the service',
  },
  'fairlead.links': {
    value: 'alias=target, comma between',
    otherwise: '`docker run --link`',
    meaning: 'private names; a target is `service`, `service.stack` or a container',
    inFile: 'use the key links',
  },
  'fairlead.expose': {
    value: 'true, false',
    otherwise: 'false',
    meaning: 'seen also by clients that share no network with it',
    inFile: 'every client reaches the tasks of a file; remove it',
  },
  'fairlead.dns.upstreams': {
    value: 'ip[:port] or tls://ip[:port][#name], comma between',
    otherwise: 'the configured servers',
    meaning: 'DNS servers of its own, asked first for names that are not ours; three count',
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
