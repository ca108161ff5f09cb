import { z } from 'zod';
import { repeatable } from './sections.js';
import {
  dnsLabel,
  duration,
  engineSocket,
  httpAddress,
  must,
  oneOf,
  path,
  secretText,
  shortText,
  yesOrNo,
} from './value-schemas.js';

export const dockerSchema = repeatable({
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

export const fileSchema = repeatable({
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

export const consulSourceSchema = repeatable({
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

export const consulPublisherSchema = repeatable({
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
