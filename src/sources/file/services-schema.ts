import { z } from 'zod';
import {
  type Balancing,
  allBalancingSettings,
  balancingSettings,
  type BalancingSetting,
} from '../../net/balancing.js';
import type { Protocol } from '../../catalog/model.js';
import { canonicalIp, ipFamily } from '../../net/ip.js';
import { labelFault, nameFault } from '../../net/dns-labels.js';
import { parseUpstream } from '../../net/upstream.js';
import { nearest } from '../../text/nearest.js';

/**
 * The format of a services file (docs/sources-file.md). Messages say what is wrong, why, and what to do; the caller
 * adds the place.
 */

const label = (what: string) =>
  z.string(`must be ${what}, as a text`).transform((text, context) => {
    const fault = labelFault(text);
    if (fault !== undefined) context.addIssue(`"${text}" is not a DNS label: it ${fault}; rename it`);
    return text.toLowerCase();
  });

const dottedName = z.string('must be a DNS name').transform((text, context) => {
  const name = text.toLowerCase().replace(/\.$/, '');
  const fault = nameFault(name);
  if (fault !== undefined)
    context.addIssue(`"${text}" is not a valid DNS name: it ${fault}; write one such as crm.example.org`);
  return name;
});

const ip = (family?: 4 | 6) =>
  z.string(`must be an IP address`).transform((text, context) => {
    const canonical = canonicalIp(text);
    if (canonical === undefined || (family !== undefined && ipFamily(canonical) !== family)) {
      const kind = family === undefined ? 'IP' : `IPv${family}`;
      context.addIssue(
        `"${text}" is not an ${kind} address; write one such as ${family === 6 ? 'fd00::10' : '192.0.2.10'}`,
      );
      return z.NEVER;
    }
    return canonical;
  });

const portForm =
  /^(?:([a-z0-9][a-z0-9-]{0,14})=)?(\d{1,5})(?::(\d{1,5}))?(?:\/(tcp|udp|sctp))?(?:=([a-z0-9][a-z0-9-]{0,14}))?$/i;

const portText = z
  .union([z.string(), z.int()], 'must be a port such as 80/tcp')
  .transform((given, context) => {
    const text = String(given);
    const match = portForm.exec(text);
    const port = Number(match?.[2]);
    const target = Number(match?.[3] ?? port);
    const isPort = [port, target].every((each) => each >= 1 && each <= 65535);
    const name = match?.[1] ?? match?.[5];
    if (!match || !isPort || (match[1] !== undefined && match[5] !== undefined)) {
      context.addIssue(
        `"${text}" is not a port; write number/protocol such as 80/tcp, http=80/tcp to name it, or 8080:80/tcp if tasks listen on another port`,
      );
      return z.NEVER;
    }
    const protocol = (match[4] ?? 'tcp').toLowerCase() as Protocol;
    return { port, target, protocol, ...(name === undefined ? {} : { name: name.toLowerCase() }) };
  });

function setting<T>({ expected, words, read }: BalancingSetting<T>) {
  const must = `must be ${expected}`;
  return z.union([z.string(), z.number(), z.boolean()], must).transform((given, context) => {
    const value = read(String(given).trim());
    if (value !== undefined) return value;
    const meant = nearest(String(given), words ?? []);
    context.addIssue(`"${given}" ${must}${meant === undefined ? '' : `; did you mean ${meant}?`}`);
    return z.NEVER;
  });
}

export const balancingKeys = allBalancingSettings.map(({ name }) => name);

const balancing = z
  .strictObject(
    Object.fromEntries(allBalancingSettings.map((each) => [each.name, setting(each).optional()])),
    `must be a mapping of ${balancingKeys.join(', ')}`,
  )
  .transform((given): Balancing => {
    const said = allBalancingSettings.filter(({ name }) => given[name] !== undefined);
    // Each value was read by the setting for its field.
    return Object.fromEntries(said.map(({ name, field }) => [field, given[name]]));
  });

const portNumber = z
  .int('must be a port number')
  .min(1, 'must be a port number, 1 to 65535')
  .max(65535, 'must be a port number, 1 to 65535');

const health = z.enum(['initializing', 'healthy', 'unhealthy', 'reinitializing', 'draining', 'stopped'], {
  error: 'must be one of initializing, healthy, unhealthy, reinitializing, draining, stopped',
});

/** As in a compose file, `true` and `80` are valid texts for a label. */
const labels = z.record(
  z.string(),
  z
    .union([z.string(), z.number(), z.boolean()], 'must be a text, a number, true or false')
    .transform((value) => String(value)),
);

const links = z.record(label('an alias'), dottedName);

const upstreams = z.array(
  z.string('must be a DNS server such as 192.0.2.53').transform((text, context) => {
    const upstream = parseUpstream(text);
    if (upstream !== undefined) return upstream;
    context.addIssue(
      `"${text}" is not a DNS server; write one such as 192.0.2.53, 192.0.2.53:5353 or tls://192.0.2.53#dns.example`,
    );
    return z.NEVER;
  }),
);

const task = z.strictObject({
  name: dottedName,
  ip: ip().optional(),
  ip6: ip(6).optional(),
  ports: z.record(z.string(), portNumber).optional(),
  health: health.default('healthy'),
  weight: z
    .int('must be a whole number')
    .min(0, 'must be 0 to 65535')
    .max(65535, 'must be 0 to 65535')
    .default(1),
  links: links.optional(),
  upstreams: upstreams.optional(),
  max_connections: setting(balancingSettings.maxConnections).optional(),
  labels: labels.optional(),
});

const service = z
  .strictObject({
    ports: z.array(portText).optional(),
    endpoint_mode: z.enum(['dnsrr', 'vip'], { error: 'must be dnsrr or vip' }).optional(),
    vip: ip().optional(),
    balancing: balancing.optional(),
    tasks: z.array(task).optional(),
    external_ips: z.array(ip()).min(1, 'must list at least one address').optional(),
    hostname: dottedName.optional(),
    alias_of: z.array(dottedName).min(1, 'must list at least one service').optional(),
    links: links.optional(),
    labels: labels.optional(),
  })
  .check(({ value, issues }) => {
    const kinds = (['tasks', 'external_ips', 'hostname', 'alias_of'] as const).filter(
      (key) => value[key] !== undefined,
    );
    const [kind, other] = kinds;
    if (other !== undefined) {
      const message = `${kinds.join(' and ')} exclude one another (a service has tasks, or is external, or is an alias); keep one`;
      issues.push({ code: 'custom', message, input: value, path: [other] });
    }
    if (kind === undefined || kind === 'tasks' || value.vip === undefined) return;
    const message = `a service with ${kind} has no virtual IP; remove one of them`;
    issues.push({ code: 'custom', message, input: value, path: ['vip'] });
  });

const client = z.strictObject({
  stack: label('a stack'),
  service: label('a service').optional(),
  links: links.optional(),
  upstreams: upstreams.optional(),
});

export const servicesFile = z.strictObject({
  stacks: z
    .record(
      label('a stack'),
      z.strictObject({ services: z.record(label('a service'), service.nullable()).nullish() }).nullable(),
    )
    .nullish(),
  clients: z.record(ip(), client).nullish(),
});

export type ServicesFile = z.output<typeof servicesFile>;
export type ServiceEntry = z.output<typeof service>;
export type TaskEntry = z.output<typeof task>;
