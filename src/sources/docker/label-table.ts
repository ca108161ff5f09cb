/** One row of docs/labels.md. */
export interface LabelRow {
  readonly value: string;
  /** What holds without it. */
  readonly otherwise: string;
  readonly meaning: string;
}

/** Fairlead's own labels. They win over every other. docs/labels.md is held against this table by a test. */
export const ownLabels = {
  'fairlead.enable': {
    value: 'true, false',
    otherwise: 'true',
    meaning: 'false: the container is not served at all',
  },
  'fairlead.environment': {
    value: 'DNS label',
    otherwise: 'the daemon’s environment',
    meaning: 'the environment it belongs to',
  },
  'fairlead.stack': { value: 'DNS label', otherwise: 'other labels, or `default`', meaning: 'its stack' },
  'fairlead.service': {
    value: 'DNS label',
    otherwise: 'other labels, or the container’s name',
    meaning: 'its service',
  },
  'fairlead.sidekick': {
    value: 'DNS label',
    otherwise: 'other labels, or none',
    meaning: 'it is this sidekick of the service',
  },
  'fairlead.name': {
    value: 'DNS name',
    otherwise: 'the container’s name',
    meaning: 'its own name, before the one that Docker knows',
  },
  'fairlead.aliases': {
    value: 'DNS names, comma between',
    otherwise: 'none',
    meaning: 'further names of the container',
  },
  'fairlead.ports': {
    value: '[name=]port[/tcp, /udp, /sctp], comma between',
    otherwise: 'exposed and published ports',
    meaning: 'adds ports, and names them for SRV',
  },
  'fairlead.endpoint_mode': {
    value: 'dnsrr, vip',
    otherwise: 'the daemon’s setting',
    meaning: 'what the service’s name answers: its tasks or its virtual IP',
  },
  'fairlead.weight': {
    value: '0 to 65535',
    otherwise: '1',
    meaning: 'share of new traffic; 0 takes none',
  },
  'fairlead.links': {
    value: 'alias=target, comma between',
    otherwise: '`docker run --link`',
    meaning: 'private names; a target is `service`, `service.stack` or a container',
  },
  'fairlead.expose': {
    value: 'true, false',
    otherwise: 'false',
    meaning: 'seen also by clients that share no network with it',
  },
  'fairlead.dns.upstreams': {
    value: 'ip[:port] or tls://ip[:port][#name], comma between',
    otherwise: 'the configured servers',
    meaning: 'DNS servers of its own, asked first for names that are not ours; three count',
  },
} as const satisfies Record<string, LabelRow>;

export type OwnLabel = keyof typeof ownLabels;

/** Labels of others that are understood, best first. */
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
