import { z } from 'zod';
import { WRITABLE_TYPES } from '../wire/static-record.js';
import { renderSchema } from './render-schema.js';
import { repeatable, section, switchable } from './sections.js';
import { BALANCING_LIMITS as limits, SCHEDULERS } from '../net/balancing.js';
import {
  address,
  addressPool,
  apiAddress,
  bySuffix,
  dnsLabel,
  domainName,
  duration,
  engineSocket,
  hostName,
  httpAddress,
  listenAddress,
  must,
  oneOf,
  path,
  record,
  secretText,
  share,
  shortText,
  subnet,
  suffix,
  upstream,
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

const dnsSchema = section({
  listen: z
    .array(listenAddress(), must('a list of addresses, such as ["169.254.169.250:53"]'))
    .min(1, { error: 'is empty; it must be a list of at least one address, such as ["169.254.169.250:53"]' })
    .describe(
      'Where the DNS server listens, UDP and TCP. A link-local address that the host does not have is added to an interface. Port 0 picks a free port.',
    )
    .prefault(['169.254.169.250:53']),
  ttl: wholeNumber(0, 86_400, 'seconds')
    .describe('How long clients may cache an answer about a name in the domain.')
    .prefault(1),
  negativeTtl: wholeNumber(0, 300, 'seconds')
    .describe(
      'How long clients may cache the answer that a name in the domain, or a record of the requested type, does not exist.',
    )
    .prefault(1),
  upstreams: z
    .union(
      [z.literal('system'), z.array(upstream())],
      must(
        'system, or a list of servers such as ["192.0.2.1", "192.0.2.2:5353", "tls://192.0.2.3#dns.example"]',
      ),
    )
    .describe(
      "The DNS servers to which all other names are forwarded, over UDP and TCP, or over TLS (`tls://`). `system` takes the servers in the host's resolv.conf, except Fairlead itself. An empty list switches forwarding off.",
    )
    .prefault('system'),
  upstreamTimeout: duration('100ms', '1m')
    .describe('How long to wait for one upstream server.')
    .prefault('2s'),
  upstreamCa: path('a file of CA certificates (PEM)')
    .describe(
      'The certificate authorities that verify upstreams over TLS, instead of those that Node.js trusts.',
    )
    .optional(),
  forward: bySuffix(
    z.union(
      [upstream().transform((server) => [server]), z.array(upstream())],
      must('a server such as 10.0.0.53, or a list of servers such as ["10.0.0.53", "10.0.0.54"]'),
    ),
    'a mapping from suffixes to servers, such as { corp.example: ["10.0.0.53"] }',
  )
    .describe(
      'Other upstream servers for names that end in a suffix, one or a list: `consul: 127.0.0.1:8600`, `corp.example: ["10.0.0.53", "10.0.0.54"]`. The longest suffix wins. It also forwards suffixes that are otherwise answered locally (`home.arpa`, `10.in-addr.arpa`). An empty list refuses such names.',
    )
    .prefault({}),
  records: z
    .array(record(), must('a list of records, such as ["printer.lan 300 A 192.0.2.7"]'))
    .describe(
      `Additional records, one per line as in a zone file: ${WRITABLE_TYPES}. Names are absolute, inside or outside the domain. \`*\` as the first label makes a wildcard.`,
    )
    .prefault([]),
  maxForwardsPerClient: wholeNumber(1, 10_000, 'queries')
    .describe('How many queries of one client may wait for upstream servers. Further queries get SERVFAIL.')
    .prefault(100),
  cacheSize: wholeNumber(0, 1024, 'MiB')
    .describe('The size of the cache for answers of upstream servers; 0 switches it off.')
    .prefault(8),
  rebindProtection: switchable({
    allow: z
      .array(suffix(), must('a list of suffixes, such as ["corp.example"]'))
      .describe('Names that may have such addresses. Names in `dns.forward` always may.')
      .prefault([]),
  })
    .describe(
      'Removes private, loopback and link-local addresses from the answers of upstream servers, so that a web site cannot point its name at your services. Default: off.',
    )
    .optional(),
  allow: z
    .array(subnet(), must('a list of subnets, such as ["127.0.0.0/8", "172.16.0.0/12"]'))
    .min(1, {
      error: 'is empty, so no client could ask; list subnets, or remove the key for the default',
    })
    .describe(
      'The subnets whose clients are answered; other clients get no reply at all. Default: private and link-local addresses, and the networks and tasks that Fairlead knows.',
    )
    .optional(),
  rateLimit: wholeNumber(0, 100_000, 'replies per second')
    .describe(
      'How many similar replies per second an unknown subnet (/24, /56) gets over UDP before it must retry over TCP. The host and the networks and tasks that Fairlead knows have no limit. 0 means no limit for any client.',
    )
    .prefault(100),
  queryLog: switchable({
    sample: wholeNumber(1, 1_000_000, 'queries').describe('Log one of this many queries.').prefault(1),
    classes: z
      .array(
        oneOf(['success', 'denial', 'error']),
        must('a list of success, denial (NXDOMAIN, NODATA) and error (all else)'),
      )
      .min(1, { error: 'is empty, so nothing would be logged; to log nothing, set dns.queryLog to false' })
      .describe('Which queries to log: `success`, `denial` (NXDOMAIN and NODATA), `error` (all others).')
      .prefault(['success', 'denial', 'error']),
  })
    .describe('Writes a log line for each query that was answered. Default: off.')
    .optional(),
  privacy: oneOf(['off', 'no-clients', 'no-names'])
    .describe(
      'What of a query neither `dns.queryLog` nor `fairlead dns log` nor the API shows. `no-clients`: who asked. `no-names`: who asked, for which name, and the answer. `off`: everything is shown.',
    )
    .prefault('off'),
  native: oneOf(['auto', 'off'])
    .describe(
      'Whether threads that receive and send many packets per system call answer UDP (Linux, with the package koffi). `off`: Node answers packets one by one. Takes effect at the next start.',
    )
    .prefault('auto'),
  workers: z
    .union(
      [z.literal('auto'), wholeNumber(1, 64, 'threads')],
      must('auto, or a number of threads from 1 to 64'),
    )
    .describe(
      'How many threads answer UDP. `auto`: one on up to 4 cores, else a quarter of the cores, at most 4. Takes effect at the next start.',
    )
    .prefault('auto'),
  realTime: oneOf(['auto', 'off'])
    .describe(
      'Whether the threads that answer UDP run before all ordinary processes of the host, as long as they wait for queries in between (SCHED_RR; needs CAP_SYS_NICE). `off`: they only get a larger share of the processor. Takes effect at the next start.',
    )
    .prefault('auto'),
  nsid: shortText('a name for this server', 64)
    .describe('The answer to clients that ask which server this is (NSID, RFC 5001). Default: none.')
    .optional(),
  topLevelDomains: path("IANA's list of top-level domains (tlds-alpha-by-domain.txt)")
    .describe(
      "A list of the Internet's top-level domains that is newer than the one in Fairlead: IANA's `tlds-alpha-by-domain.txt`. Two-label names that end in such a domain are not read as `service.stack`.",
    )
    .optional(),
});

const dockerSchema = repeatable({
  socket: engineSocket()
    .describe(
      "The engine's unix socket: a path, or `unix:///path`. `DOCKER_HOST` replaces the default if it has that form. `tcp://` and `ssh://` are refused, because Fairlead serves the containers of its own host.",
    )
    .prefault('/var/run/docker.sock'),
  resync: duration('1s', '24h')
    .describe('How often Fairlead compares everything with the engine, besides following its events.')
    .prefault('60s'),
  labels: z
    .array(
      shortText('a label, or its beginning and "*"', 128),
      must('a list of labels, such as ["traefik.*", com.example.team]'),
    )
    .describe(
      'Labels that are kept besides those that Fairlead reads, for templates and the API; `*` at the end stands for anything. All others are dropped, because some are secrets of other programs.',
    )
    .prefault([]),
  adopt: oneOf(['auto', 'all', 'off'])
    .describe(
      "Which containers ask Fairlead instead of Docker's resolver: those whose queries Docker would forward to Fairlead anyway (`auto`), all (`all`), or none (`off`). Labels and `fairlead adopt` select single containers and stacks. See docs/adoption.md.",
    )
    .prefault('auto'),
  releaseOnStop: yesOrNo()
    .describe("Whether a clean stop of the daemon hands the adopted containers back to Docker's resolver.")
    .prefault(false),
}).describe(
  'The Docker engine of this host; `false` switches it off. For several engines, give a list in which each item has its own `name`.',
);

const fileSchema = repeatable({
  path: path('a YAML file with stacks and clients').describe(
    'The file with stacks and clients. Fairlead watches it for changes.',
  ),
}).describe(
  'A file of static services; `false` switches it off. For several files, give a list in which each item has its own `name`.',
);

/** How to reach a Consul agent. Consul's own variables give the defaults. */
const consulKeys = {
  address: httpAddress('http://127.0.0.1:8500')
    .describe(
      'The HTTP API of the agent on this host. Default: `CONSUL_HTTP_ADDR`, or `http://127.0.0.1:8500`.',
    )
    .optional(),
  token: secretText('an ACL token', 200)
    .describe(
      'The ACL token. Default: the file in `tokenFrom`, `CONSUL_HTTP_TOKEN` or `CONSUL_HTTP_TOKEN_FILE`.',
    )
    .optional(),
  tokenFrom: path('a file that holds an ACL token')
    .describe('A file that holds the ACL token. The daemon reads it again while it runs.')
    .optional(),
  caFile: path('a file of CA certificates (PEM)')
    .describe('The certificate authorities that verify an `https` address. Default: `CONSUL_CACERT`.')
    .optional(),
  certFile: path('a certificate (PEM)')
    .describe('The client certificate for an agent that requires one. Default: `CONSUL_CLIENT_CERT`.')
    .optional(),
  keyFile: path('a private key (PEM)')
    .describe('The private key of that certificate. Default: `CONSUL_CLIENT_KEY`.')
    .optional(),
};

const consulSourceSchema = repeatable({
  ...consulKeys,
  datacenter: dnsLabel().describe('The datacenter. Default: that of the agent.').optional(),
  services: z
    .union(
      [z.literal('all'), z.literal('used'), z.array(shortText('the name of a service in Consul', 255))],
      must('used, all, or a list of names of services in Consul, such as [web, db]'),
    )
    .describe(
      'Which services are watched. `used`: those that clients ask for, that templates name, and that tasks of this host belong or have links to.',
    )
    .prefault('all'),
  stack: dnsLabel()
    .describe('The stack for services that Fairlead did not publish: `web.consul.rancher.internal`.')
    .prefault('consul'),
}).describe(
  'Services of a Consul datacenter. For several datacenters, give a list in which each item has its own `name`.',
);

const consulPublisherSchema = repeatable({
  ...consulKeys,
  ids: oneOf(['fairlead', 'registrator'])
    .describe(
      'How the ids and names of entries are built. `registrator`: as registrator builds them, so that either program can take over from the other.',
    )
    .prefault('fairlead'),
  internal: yesOrNo()
    .describe("Publishes the addresses of the containers instead of the host's address with published ports.")
    .prefault(false),
  network: shortText('the name of a network', 128)
    .describe(
      'With `internal`: the network whose addresses are published. Default: the first network of the container.',
    )
    .optional(),
  explicit: yesOrNo()
    .describe(
      'Publishes only services that a label names (`SERVICE_NAME`, `SERVICE_<port>_NAME`, `fairlead.service`).',
    )
    .prefault(false),
}).describe("The Consul agent on this host, where Fairlead registers the host's containers.");

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
