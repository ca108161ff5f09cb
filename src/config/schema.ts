import { z } from 'zod';
import {
  address,
  apiAddress,
  dnsLabel,
  domainName,
  duration,
  listenAddress,
  must,
  oneOf,
  path,
  subnet,
  upstreamAddress,
  wholeNumber,
} from './values.js';

/** A mapping with these keys and no others. */
function section<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject(shape, must(`a mapping of keys (${Object.keys(shape).join(', ')})`));
}

/** A source's settings, or `false` to switch it off. */
function source<Shape extends z.ZodRawShape>(shape: Shape) {
  const keys = Object.keys(shape).join(', ');
  return z.union(
    [z.literal(false), section(shape)],
    must(`a mapping of keys (${keys}), or false to switch it off`),
  );
}

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
      [z.literal('system'), z.array(upstreamAddress())],
      must('system, or a list of addresses such as ["192.0.2.1", "192.0.2.2:5353"]'),
    )
    .describe(
      "The DNS servers that all other names are forwarded to. `system` takes those of the host's resolv.conf, never Fairlead itself. An empty list switches forwarding off.",
    )
    .prefault('system'),
  upstreamTimeout: duration('100ms', '1m')
    .describe('How long one upstream server is waited for.')
    .prefault('2s'),
  allow: z
    .array(subnet(), must('a list of subnets, such as ["127.0.0.0/8", "172.16.0.0/12"]'))
    .min(1, {
      error: 'is empty, so nobody could ask; it must be a list of subnets, or left out to allow everybody',
    })
    .describe(
      'The subnets whose clients are answered; others are refused. When it is not given, every client that can reach a listening address is answered.',
    )
    .optional(),
});

const dockerSchema = source({
  socket: path("the engine's unix socket, such as /var/run/docker.sock")
    .describe(
      "The engine's unix socket. A `DOCKER_HOST` of the form `unix:///path` takes the place of the default.",
    )
    .prefault('/var/run/docker.sock'),
  resync: duration('1s', '24h')
    .describe('How often everything is compared with the engine, besides following its events.')
    .prefault('60s'),
}).describe('The Docker engine of this host; `false` switches it off.');

const fileSchema = source({
  path: path('a YAML file with stacks and clients').describe(
    'The file with stacks and clients. It is watched.',
  ),
}).describe('A file of static services; `false` switches it off.');

/** The configuration as it is written in a file. Its output still lacks what {@link resolveConfig} adds. */
export const configSchema = section({
  domain: domainName().describe('The domain that all names are below.').prefault('rancher.internal'),
  environment: dnsLabel()
    .describe('The environment that the tasks of this host belong to.')
    .prefault('default'),
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
      { docker: dockerSchema.optional(), file: fileSchema.optional() },
      must(
        'a mapping of sources (docker, file); leave it out for Docker with its defaults, write {} for none',
      ),
    )
    .describe(
      'Where tasks come from. When it is not given: Docker, with its defaults. When it is given: those that it names, and no others.',
    )
    .prefault({ docker: {} }),
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
