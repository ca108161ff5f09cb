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
} from './values.js';

const logSchema = section({
  level: oneOf(['trace', 'debug', 'info', 'warn', 'error'])
    .describe('The least important messages that are logged.')
    .prefault('info'),
  format: oneOf(['auto', 'json', 'text'])
    .describe(
      '`json` is one object a line, `text` is for people; `auto` is `text` on a terminal, else `json`.',
    )
    .prefault('auto'),
});

const hostSchema = section({
  name: shortText('a name for this host', 63)
    .describe(
      'What this host is called where several hosts share a registry. Its host name when it is not given.',
    )
    .optional(),
  address: address()
    .describe(
      'The address of this host that tasks in host mode and published ports are answered with. Fairlead finds it by itself when it is not given.',
    )
    .optional(),
});

const dnsSchema = section({
  listen: z
    .array(listenAddress(), must('a list of addresses, such as ["169.254.169.250:53"]'))
    .min(1, { error: 'is empty; it must be a list of one address at least, such as ["169.254.169.250:53"]' })
    .describe(
      'Where the DNS server listens, UDP and TCP. A link-local address that the host does not have is added to an interface. Port 0 takes a free port.',
    )
    .prefault(['169.254.169.250:53']),
  ttl: wholeNumber(0, 86_400, 'seconds')
    .describe('How long clients may keep an answer about an own name.')
    .prefault(1),
  negativeTtl: wholeNumber(0, 300, 'seconds')
    .describe(
      'How long clients may keep the answer that an own name, or data of the type asked for, does not exist.',
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
      "The DNS servers that all other names are forwarded to, over UDP and TCP, or over TLS (`tls://`). `system` takes those of the host's resolv.conf, never Fairlead itself. An empty list switches forwarding off.",
    )
    .prefault('system'),
  upstreamTimeout: duration('100ms', '1m')
    .describe('How long one upstream server is waited for.')
    .prefault('2s'),
  upstreamCa: path('a file of CA certificates (PEM)')
    .describe(
      'The certificate authorities that upstreams over TLS are checked against, instead of those that Node.js trusts.',
    )
    .optional(),
  forward: bySuffix(
    z.array(upstream(), must('a list of servers, such as ["10.0.0.53"]')),
    'a mapping from suffixes to lists of servers, such as { corp.example: ["10.0.0.53"] }',
  )
    .describe(
      'Other upstream servers for names that end in a suffix: `corp.example: ["10.0.0.53"]`. The longest suffix counts. A suffix that is otherwise answered locally (`home.arpa`, `10.in-addr.arpa`) is opened by it. An empty list refuses such names.',
    )
    .prefault({}),
  records: z
    .array(record(), must('a list of records, such as ["printer.lan 300 A 192.0.2.7"]'))
    .describe(
      `Records of your own, a line each as in a zone file: ${WRITABLE_TYPES}. Names are absolute, inside or outside the domain; \`*\` as the first label makes a wildcard.`,
    )
    .prefault([]),
  maxForwardsPerClient: wholeNumber(1, 10_000, 'queries')
    .describe('How many queries of one client may wait for upstream servers; it gets SERVFAIL for more.')
    .prefault(100),
  cacheSize: wholeNumber(0, 1024, 'MiB')
    .describe('How much of the answers of upstream servers is kept; 0 keeps none.')
    .prefault(8),
  rebindProtection: switchable({
    allow: z
      .array(suffix(), must('a list of suffixes, such as ["corp.example"]'))
      .describe('Names that may have such addresses. Those in `dns.forward` always may.')
      .prefault([]),
  })
    .describe(
      'Takes private, loopback and link-local addresses out of the answers of upstream servers, so that a web site cannot point its name at your services. Off when it is not given.',
    )
    .optional(),
  allow: z
    .array(subnet(), must('a list of subnets, such as ["127.0.0.0/8", "172.16.0.0/12"]'))
    .min(1, {
      error: 'is empty, so nobody could ask; it must be a list of subnets, or left out to allow everybody',
    })
    .describe(
      'The subnets whose clients are answered; others get no reply at all. When it is not given: private and link-local addresses, and those of the networks and tasks that Fairlead knows.',
    )
    .optional(),
  rateLimit: wholeNumber(0, 100_000, 'replies a second')
    .describe(
      'How many like replies a second a subnet of strangers (/24, /56) gets over UDP before it is asked to come again over TCP. The host and the networks and tasks that Fairlead knows have no limit; 0 means none for anybody.',
    )
    .prefault(100),
  queryLog: switchable({
    sample: wholeNumber(1, 1_000_000, 'queries').describe('One of so many queries is logged.').prefault(1),
    classes: z
      .array(
        oneOf(['success', 'denial', 'error']),
        must('a list of success, denial (NXDOMAIN, NODATA) and error (all else)'),
      )
      .min(1, { error: 'is empty, so nothing would be logged; set dns.queryLog to false for that' })
      .describe('Which are logged: `success`, `denial` (NXDOMAIN and NODATA), `error` (all else).')
      .prefault(['success', 'denial', 'error']),
  })
    .describe('A line in the log for each query that was answered. Off when it is not given.')
    .optional(),
  native: oneOf(['auto', 'off'])
    .describe(
      'Whether UDP is answered by threads that receive and send many packets with one system call (Linux, with the package koffi). `off`: one by one, as Node does it. Takes effect at the next start.',
    )
    .prefault('auto'),
  workers: z
    .union(
      [z.literal('auto'), wholeNumber(1, 64, 'threads')],
      must('auto, or a number of threads from 1 to 64'),
    )
    .describe(
      'How many threads answer UDP. `auto`: one on up to 4 cores, a quarter of the cores on more, 4 at most. Takes effect at the next start.',
    )
    .prefault('auto'),
  realTime: oneOf(['auto', 'off'])
    .describe(
      'Whether the threads that answer UDP run before all ordinary work of the host while they wait for queries now and then (SCHED_RR; needs CAP_SYS_NICE). `off`: they only get a larger share of the processor. Takes effect at the next start.',
    )
    .prefault('auto'),
  nsid: shortText('a name for this server', 64)
    .describe(
      'What clients are told that ask which server this is (NSID, RFC 5001). Nothing when it is not given.',
    )
    .optional(),
  topLevelDomains: path("IANA's list of top-level domains (tlds-alpha-by-domain.txt)")
    .describe(
      "A newer list of the Internet's top-level domains than the one that comes with Fairlead: IANA's `tlds-alpha-by-domain.txt`. Two-label names that end in one are not completed to `service.stack`.",
    )
    .optional(),
});

const dockerSchema = repeatable({
  socket: engineSocket()
    .describe(
      "The engine's unix socket: a path, or `unix:///path`. `DOCKER_HOST` takes the place of the default when it has that form; `tcp://` and `ssh://` are refused, because Fairlead serves the containers of its own host.",
    )
    .prefault('/var/run/docker.sock'),
  resync: duration('1s', '24h')
    .describe('How often everything is compared with the engine, besides following its events.')
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
      "Which containers ask Fairlead instead of Docker's resolver: those whose queries Docker would forward to Fairlead anyway (`auto`), all (`all`), or none (`off`). Labels and `fairlead adopt` choose single containers and stacks. See docs/adoption.md.",
    )
    .prefault('auto'),
  releaseOnStop: yesOrNo()
    .describe("Whether a clean stop of the daemon hands the adopted containers back to Docker's resolver.")
    .prefault(false),
}).describe(
  'The Docker engine of this host; `false` switches it off. A list, each item with a `name` of its own, takes several engines.',
);

const fileSchema = repeatable({
  path: path('a YAML file with stacks and clients').describe(
    'The file with stacks and clients. It is watched.',
  ),
}).describe(
  'A file of static services; `false` switches it off. A list, each item with a `name` of its own, takes several files.',
);

/** How a Consul agent is reached. What is not given, Consul's own variables say. */
const consulKeys = {
  address: httpAddress('http://127.0.0.1:8500')
    .describe(
      "The HTTP API of this host's agent. Without it: `CONSUL_HTTP_ADDR`, or `http://127.0.0.1:8500`.",
    )
    .optional(),
  token: secretText('an ACL token', 200)
    .describe(
      'The ACL token. Without it: the file of `tokenFrom`, `CONSUL_HTTP_TOKEN` or `CONSUL_HTTP_TOKEN_FILE`.',
    )
    .optional(),
  tokenFrom: path('a file that holds an ACL token')
    .describe('A file that holds the ACL token. It is read again while the daemon runs.')
    .optional(),
  caFile: path('a file of CA certificates (PEM)')
    .describe(
      'The certificate authorities that an `https` address is checked against. Without it: `CONSUL_CACERT`.',
    )
    .optional(),
  certFile: path('a certificate (PEM)')
    .describe('The certificate that the agent asks for. Without it: `CONSUL_CLIENT_CERT`.')
    .optional(),
  keyFile: path('a private key (PEM)')
    .describe('The private key of that certificate. Without it: `CONSUL_CLIENT_KEY`.')
    .optional(),
};

const NO_USED =
  'is "used", which is not supported yet: a service is not watched only once its name is asked for; write all, or list the services that are used, such as [web, db]';

const consulSourceSchema = repeatable({
  ...consulKeys,
  datacenter: dnsLabel().describe("Another datacenter than the agent's own.").optional(),
  services: z
    .union(
      [
        z.literal('all'),
        z
          .array(shortText('the name of a service in Consul', 255))
          // A variable and a flag make a list of one word.
          .refine((names) => names.length !== 1 || names[0] !== 'used', { error: NO_USED }),
      ],
      {
        error: (issue) =>
          issue.input === 'used'
            ? NO_USED
            : must('all, or a list of names of services in Consul, such as [web, db]').error(issue),
      },
    )
    .describe('Which services are watched.')
    .prefault('all'),
  stack: dnsLabel()
    .describe('The stack of services that Fairlead did not publish: `web.consul.rancher.internal`.')
    .prefault('consul'),
}).describe('Services of a Consul datacenter. A list, each item with a `name` of its own, takes several.');

const consulPublisherSchema = repeatable({
  ...consulKeys,
  ids: oneOf(['fairlead', 'registrator'])
    .describe(
      'How the ids and names of entries are made. `registrator`: as registrator makes them, so that either can take over from the other.',
    )
    .prefault('fairlead'),
  internal: yesOrNo()
    .describe(
      'Publishes the addresses of the containers instead of the address of the host and published ports.',
    )
    .prefault(false),
  network: shortText('the name of a network', 128)
    .describe(
      'With `internal`: the network whose addresses are published. Without it: the first of the container.',
    )
    .optional(),
  explicit: yesOrNo()
    .describe(
      'Publishes only what a label names (`SERVICE_NAME`, `SERVICE_<port>_NAME`, `fairlead.service`).',
    )
    .prefault(false),
}).describe('The Consul agent of this host: its containers are registered there.');

const healthSchema = section({
  rancherCompose: z
    .record(z.string(), path('a rancher-compose.yml'), must('a mapping from stacks to files'))
    .meta({ title: 'mapping from stack' })
    .describe(
      'Files in the form of `rancher-compose.yml`, whose `health_check:` sections are used: `shop: rancher-compose.yml`. They are read again on SIGHUP.',
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
      'The addresses that virtual IPs are leased from. They mean something on this host only, and nothing else on it may use them: neither a route nor a Docker network.',
    )
    .prefault('10.43.0.0/16'),
  release: duration('0s', '365d')
    .describe('How long the address of a service is kept for it after the service is gone.')
    .prefault('7d'),
  external: z
    .array(subnet(), must('a list of subnets, such as ["192.168.0.0/16"]'))
    .describe(
      'Subnets beyond this host whose connections and datagrams to virtual IPs are taken, because they are routed here. What comes from no network of this host is dropped otherwise.',
    )
    .prefault([]),
  endpointMode: oneOf(['dnsrr', 'vip'])
    .describe(
      "What a service's name answers that says nothing itself: its tasks (`dnsrr`) or its virtual IP (`vip`). `vip.` and `tasks.` in front of the name always answer the one or the other.",
    )
    .prefault('dnsrr'),
  native: oneOf(['auto', 'off'])
    .describe(
      'Whether connections are carried by threads that move octets inside the kernel and datagrams in batches (Linux, with the package koffi). `off`: by Node, at more than twice the cost. Takes effect at the next start.',
    )
    .prefault('auto'),
  workers: wholeNumber(1, 64, 'threads')
    .describe(
      'How many threads carry connections. They share the port, and the kernel divides new connections between them. Takes effect at the next start.',
    )
    .prefault(1),
});

const connections = () => wholeNumber(0, limits.connections, 'connections').prefault(0);

const balancingSchema = section({
  scheduler: oneOf(SCHEDULERS)
    .describe(
      'How a virtual IP chooses a task: in turn by weight (`wrr`) or without (`rr`), by open connections (`lc`, `wlc`, `sed`, `nq`, `twos`), by address (`sh`, `dh`, `mh`, `lblc`, `lblcr`) or by address and port (`sh-port`, `mh-port`), the heaviest first (`fo`, `ovf`).',
    )
    .prefault('wrr'),
  affinity: duration('0s', '24h')
    .transform((milliseconds) => Math.ceil(milliseconds / 1000))
    .describe(
      'How long after its last connection a client address is sent to the same task, in whole seconds; 0s: no affinity.',
    )
    .prefault('0s'),
  maxConnections: connections().describe('Open connections of one task; 0: no limit.'),
  serviceMaxConnections: connections().describe('Open connections of a whole service; 0: no limit.'),
  maxPerClient: connections().describe('Open connections of one client address to a service; 0: no limit.'),
  proxyProtocol: oneOf(['v1', 'v2', 'none'])
    .describe(
      'The version of the PROXY header that tells tasks the address of the client: for TCP, `v2` also in front of datagrams.',
    )
    .prefault('none'),
  acceptProxy: yesOrNo().describe('Whether clients begin with a PROXY header (TCP).').prefault(false),
  onDown: oneOf(['keep', 'reset'])
    .describe('What becomes of open connections when their task is gone or unhealthy.')
    .prefault('keep'),
  idleTimeout: duration('0s', '7d')
    .describe('How long a connection may be open on which nothing moves; 0s: for ever.')
    .prefault('0s'),
  drainTimeout: duration('0s', '24h')
    .describe('How long open connections of a draining task may go on; 0s: for ever.')
    .prefault('30s'),
  udpReplies: wholeNumber(0, limits.udpReplies, 'replies')
    .describe('After how many replies a UDP session is over; 0: by time only.')
    .prefault(0),
  ops: yesOrNo()
    .describe('Whether a task is chosen for each UDP datagram, not for each client address and port.')
    .prefault(false),
  slowStart: duration('0s', '1h')
    .describe(
      'Over which time the share of a task that became healthy grows to its full weight; 0s: at once.',
    )
    .prefault('0s'),
  panicThreshold: share()
    .describe(
      'The part of the running tasks of a service that may be unhealthy before the checks are doubted and all that run are given, by DNS too; 1: never.',
    )
    .prefault(0.5),
  minHealthy: wholeNumber(0, limits.minHealthy, 'tasks')
    .describe(
      'When fewer tasks of a service are healthy, unhealthy ones that run fill up, in DNS too; 0: never.',
    )
    .prefault(0),
});

/** The configuration as it is written in a file. Its output still lacks what {@link resolveConfig} adds. */
export const configSchema = section({
  domain: domainName().describe('The domain that all names are below.').prefault('rancher.internal'),
  environment: dnsLabel()
    .describe('The environment that the tasks of this host belong to.')
    .prefault('default'),
  isolation: oneOf(['docker', 'environment'])
    .describe(
      'What a client is given, by name and by virtual IP. `docker`: what it could reach without Fairlead: tasks on its own networks, published ports, and services that say `fairlead.expose=true`. `environment`: every service of the environment, as in Rancher.',
    )
    .prefault('docker'),
  state: path('a directory')
    .describe(
      'The directory that keeps the last known facts for a warm start. It is created when it does not exist.',
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
      'Where tasks come from. When it is not given: Docker, with its defaults. When it is given: those that it names, and no others.',
    )
    .prefault({ docker: {} }),
  publishers: z
    .strictObject({ consul: consulPublisherSchema.optional() }, must('a mapping of publishers (consul)'))
    .describe("Where this host's tasks go to.")
    .prefault({}),
  vip: vipSchema
    .describe('Virtual IPs: one address for each service that has ports; `false`: none.')
    .prefault({}),
  balancing: balancingSchema
    .describe('How traffic is spread over the tasks of services that say nothing themselves.')
    .prefault({}),
  health: healthSchema.describe('How tasks are checked, besides what their labels say.').prefault({}),
  render: renderSchema.describe('Config files that follow the catalog, written from templates.').prefault({}),
  api: section({
    listen: z
      .array(apiAddress(), must('a list of addresses, such as ["unix:/run/fairlead/fairlead.sock"]'))
      .describe(
        'Where the API listens: unix sockets (`unix:/path`) and loopback addresses (`127.0.0.1:8053`). An empty list switches it off.',
      )
      .prefault(['unix:/run/fairlead/fairlead.sock']),
  })
    .describe('The API that the command line and the dashboard use.')
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
