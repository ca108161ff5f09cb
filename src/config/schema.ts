import { z } from 'zod';
import { dnsSchema } from './dns-schema.js';
import { consulPublisherSchema, consulSourceSchema, dockerSchema, fileSchema } from './source-schemas.js';
import { renderSchema } from './render-schema.js';
import { section, switchable } from './sections.js';
import { BALANCING_LIMITS as limits, SCHEDULERS } from '../net/balancing.js';
import {
  address,
  addressPool,
  apiAddress,
  dnsLabel,
  domainName,
  duration,
  hostName,
  must,
  oneOf,
  path,
  share,
  shortText,
  subnet,
  wholeNumber,
  yesOrNo,
} from './value-schemas.js';

const logSchema = section({
  level: oneOf(['trace', 'debug', 'info', 'warn', 'error'])
    .describe('The lowest level of messages that are logged.')
    .prefault('info'),
  format: oneOf(['auto', 'json', 'text'])
    .describe(
      '`json` writes one object per line, `text` is for people. `auto` means `text` on a terminal, else `json`.',
    )
    .prefault('auto'),
});

const hostSchema = section({
  name: shortText('a name for this host', 63)
    .describe('The name of this host where several hosts share a registry. Default: the host name.')
    .optional(),
  address: address()
    .describe(
      'The address of this host, used in answers for tasks in host mode and for published ports. Default: Fairlead detects it.',
    )
    .optional(),
});

const healthSchema = section({
  rancherCompose: z
    .record(z.string(), path('a rancher-compose.yml'), must('a mapping from stacks to files'))
    .meta({ title: 'mapping from stack' })
    .describe(
      'Files in the form of `rancher-compose.yml`, whose `health_check:` sections are used: `shop: rancher-compose.yml`. SIGHUP reads them again.',
    )
    .prefault({}),
  defaults: z
    .record(
      z.string(),
      z.union(
        [
          z.record(z.string(), z.unknown()),
          z.array(z.record(z.string(), z.unknown(), must('a mapping in the form of health_check'))),
        ],
        must('a mapping in the form of health_check, or a list of such'),
      ),
      must('a mapping from stacks to checks'),
    )
    .meta({ title: 'mapping from stack' })
    .describe(
      'The check of the tasks of a stack that have none of their own: `shop: { port: 80 }`. The keys are those of `health_check:` in `rancher-compose.yml`, and those of the labels `fairlead.health.*` without that prefix. With `services: [web]` or `ports: [80]` it is for tasks of these services, or with one of these ports, alone; of a list the first that fits a task counts.',
    )
    .prefault({}),
  hostMethods: z
    .array(shortText('an HTTP method, such as POST', 32), must('a list of HTTP methods, such as [OPTIONS]'))
    .describe(
      "HTTP methods besides GET and HEAD that labels may have checks of containers in the host's network ask with. Such a check reaches every HTTP service that listens on the host.",
    )
    .prefault([]),
});

const vipSchema = switchable({
  pool: addressPool()
    .describe(
      'The addresses from which virtual IPs are leased. They are valid on this host only, and nothing else on it may use them, neither a route nor a Docker network.',
    )
    .prefault('10.43.0.0/16'),
  release: duration('0s', '365d')
    .describe('How long the address of a service stays reserved after the service is gone.')
    .prefault('7d'),
  external: z
    .array(subnet(), must('a list of subnets, such as ["192.168.0.0/16"]'))
    .describe(
      'Subnets outside this host from which virtual IPs may be used, because a router sends their traffic here. Packets from other networks than those of this host are dropped.',
    )
    .prefault([]),
  endpointMode: oneOf(['dnsrr', 'vip'])
    .describe(
      "What a service name answers by default: the service's tasks (`dnsrr`) or its virtual IP (`vip`). A name with `vip.` or `tasks.` in front always answers that one.",
    )
    .prefault('dnsrr'),
  dataPlane: oneOf(['proxy', 'nftables', 'ipvs', 'auto'])
    .describe(
      'What carries virtual IPs. `proxy`: this process. `nftables`: the kernel, where it can; what it cannot carry is a problem, and the proxy carries it. `ipvs`: the same, with the schedulers of IPVS, which know open connections (IPv4). `auto`: as `nftables`, without the problem.',
    )
    .prefault('proxy'),
  native: oneOf(['auto', 'off'])
    .describe(
      'Whether connections are carried by threads that move bytes inside the kernel and datagrams in batches (Linux, with the package koffi). `off`: Node carries them, at more than twice the cost. Takes effect at the next start.',
    )
    .prefault('auto'),
  workers: wholeNumber(1, 64, 'threads')
    .describe(
      'How many threads carry connections. They share a port, and the kernel distributes new connections among them. Takes effect at the next start.',
    )
    .prefault(1),
});

const connections = () => wholeNumber(0, limits.connections, 'connections').prefault(0);

const balancingSchema = section({
  scheduler: oneOf(SCHEDULERS)
    .describe(
      'How a virtual IP chooses a task: in turn with weights (`wrr`) or without (`rr`), by open connections (`lc`, `wlc`, `sed`, `nq`, `twos`), by address (`sh`, `dh`, `mh`, `lblc`, `lblcr`) or by address and port (`sh-port`, `mh-port`), the heaviest first (`fo`, `ovf`).',
    )
    .prefault('wrr'),
  affinity: duration('0s', '24h')
    .transform((milliseconds) => Math.ceil(milliseconds / 1000))
    .describe(
      'How long a client address stays with the same task after its last connection, in whole seconds; 0s: no affinity.',
    )
    .prefault('0s'),
  maxConnections: connections().describe('The most open connections of one task; 0: no limit.'),
  serviceMaxConnections: connections().describe('The most open connections of a whole service; 0: no limit.'),
  maxPerClient: connections().describe(
    'The most open connections of one client address to a service; 0: no limit.',
  ),
  proxyProtocol: oneOf(['v1', 'v2', 'none'])
    .describe(
      "The version of the PROXY header, which tells tasks the client's address. It works for TCP; `v2` also for datagrams.",
    )
    .prefault('none'),
  acceptProxy: yesOrNo().describe('Whether clients must begin with a PROXY header (TCP).').prefault(false),
  onDown: oneOf(['keep', 'reset'])
    .describe('What happens to open connections when their task is gone or unhealthy.')
    .prefault('keep'),
  idleTimeout: duration('0s', '7d')
    .describe('How long a connection without traffic may stay open; 0s: no limit.')
    .prefault('0s'),
  drainTimeout: duration('0s', '24h')
    .describe('How long open connections of a draining task may continue; 0s: no limit.')
    .prefault('30s'),
  udpReplies: wholeNumber(0, limits.udpReplies, 'replies')
    .describe('After how many replies a UDP session ends; 0: only after a timeout.')
    .prefault(0),
  ops: yesOrNo()
    .describe('Whether a task is chosen for each UDP datagram, not for each client address and port.')
    .prefault(false),
  slowStart: duration('0s', '1h')
    .describe('How long a task that became healthy takes to reach its full weight; 0s: full weight at once.')
    .prefault('0s'),
  panicThreshold: share()
    .describe(
      'If a larger share of the running tasks of a service is unhealthy, Fairlead distrusts the checks and serves all running tasks, also in DNS; 1: never.',
    )
    .prefault(0.5),
  minHealthy: wholeNumber(0, limits.minHealthy, 'tasks')
    .describe(
      'If fewer tasks of a service are healthy, unhealthy running ones are added up to this number, also in DNS; 0: never.',
    )
    .prefault(0),
});

/** The configuration as it is written in a file. Its output still lacks what {@link resolveConfig} adds. */
export const configSchema = section({
  domain: domainName().describe('The domain of all names.').prefault('rancher.internal'),
  environment: dnsLabel().describe('The environment of the tasks on this host.').prefault('default'),
  isolation: oneOf(['docker', 'environment'])
    .describe(
      'What a client can see, by name and by virtual IP. `docker`: what it could reach without Fairlead, which is tasks on its own networks, published ports, and services with `fairlead.expose=true`. `environment`: every service of the environment, as in Rancher.',
    )
    .prefault('docker'),
  state: path('a directory')
    .describe(
      'The directory for the last known facts, used for a warm start. It is created if it does not exist.',
    )
    .prefault('/var/lib/fairlead'),
  log: logSchema.describe('What is logged, and how.').prefault({}),
  host: hostSchema.describe('This host.').prefault({}),
  dns: dnsSchema.describe('The DNS server.').prefault({}),
  sources: z
    .strictObject(
      { docker: dockerSchema.optional(), file: fileSchema.optional(), consul: consulSourceSchema.optional() },
      must(
        'a mapping of sources (docker, file, consul); leave it out for Docker with its defaults, write {} for none',
      ),
    )
    .describe(
      'Where tasks come from. Default: Docker with its defaults. If given, only the sources that it names are used.',
    )
    .prefault({ docker: {} }),
  publishers: z
    .strictObject({ consul: consulPublisherSchema.optional() }, must('a mapping of publishers (consul)'))
    .describe('Registries to which the tasks of this host are published.')
    .prefault({}),
  vip: vipSchema
    .describe('Virtual IPs: one address for each service that has ports; `false`: none.')
    .prefault({}),
  balancing: balancingSchema
    .describe('How traffic is distributed over tasks, unless the labels of a service say otherwise.')
    .prefault({}),
  health: healthSchema.describe('Health checks, besides those in labels.').prefault({}),
  render: renderSchema
    .describe('Configuration files rendered from templates, which follow the catalog.')
    .prefault({}),
  api: section({
    listen: z
      .array(apiAddress(), must('a list of addresses, such as ["unix:/run/fairlead/fairlead.sock"]'))
      .describe(
        'Where the API listens: unix sockets (`unix:/path`) and addresses (`127.0.0.1:8053`). Addresses that other machines can reach need `tls` and `tokens`. An empty list switches it off.',
      )
      .prefault(['unix:/run/fairlead/fairlead.sock']),
    tls: section({
      certificate: path('a file with a certificate and those that vouch for it (PEM)').describe(
        'The certificate, and those of the authorities between it and the root. It is read again when the file changes.',
      ),
      key: path('a file with the private key of the certificate (PEM)').describe(
        'The private key. It is read again when the file changes.',
      ),
    })
      .describe('All addresses in `api.listen` that are not unix sockets speak TLS.')
      .optional(),
    tokens: yesOrNo()
      .describe(
        'Whether clients that do not use a unix socket need a token (`fairlead token create`). Without it, they may read.',
      )
      .prefault(false),
    hosts: z
      .array(hostName(), must('a list of names, such as ["fairlead.example"]'))
      .describe(
        'Names and addresses by which browsers ask for the API, besides those in its certificate: those of a proxy in front of it. Only with `tokens`.',
      )
      .prefault([]),
  })
    .describe('The API for the command line and the dashboard.')
    .prefault({}),
});

export type ParsedConfig = z.output<typeof configSchema>;

/** The JSON Schema (draft 7, which editors' YAML support reads) of the configuration file. */
export function jsonSchema(): Record<string, unknown> {
  return {
    title: 'Fairlead configuration',
    ...z.toJSONSchema(configSchema, { io: 'input', target: 'draft-7' }),
  };
}
