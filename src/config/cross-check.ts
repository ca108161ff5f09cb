import { formatHostPort, ipFamily, isLoopback, parseCidr, type HostPort } from '../net/ip.js';
import { checkRecords } from '../wire/record-set.js';
import { formatUpstream, type Upstream } from '../net/upstream.js';
import type { Fault } from './issues.js';
import type { Config } from './config-model.js';
import { instancesOf, type OneOrMore } from './source-instances.js';

/** `sun_path` of unix(7) holds this many bytes and the NUL. */
const longestSocketPath = 107;

const wildcards: readonly string[] = ['0.0.0.0', '::'];

/** Finds values that are valid by themselves but contradict each other. */
export function crossCheck(config: Config): Fault[] {
  return [
    ...dnsListenFaults(config),
    ...upstreamFaults(config),
    ...recordFaults(config),
    ...apiFaults(config),
    ...socketFaults(config),
    ...poolFaults(config),
    ...sourceFaults(config),
    ...templateFaults(config),
  ];
}

const fault = (path: Fault['path'], message: string): Fault => ({ path, part: 'value', message });

/** Whether a socket at `wide` receives what is sent to `narrow`. */
function covers(wide: HostPort, narrow: HostPort): boolean {
  if (wide.port !== narrow.port) return false;
  return wide.ip === narrow.ip || (wildcards.includes(wide.ip) && ipFamily(wide.ip) === ipFamily(narrow.ip));
}

/** Finds pairs in a list that need the same socket, and reports each at the later one. Port 0 never conflicts. */
function clashes(listens: readonly HostPort[], path: readonly string[]): Fault[] {
  return listens.flatMap((listen, index) => {
    const other = listens.slice(0, index).find((each) => covers(each, listen) || covers(listen, each));
    if (other === undefined || listen.port === 0) return [];
    const text = formatHostPort(listen);
    const message =
      other.ip === listen.ip
        ? `${text} is listed twice; remove one`
        : `${text} and ${formatHostPort(other)} need the same port of one address; keep the addresses or the wildcard`;
    return [fault([...path, index], message)];
  });
}

function dnsListenFaults({ dns, api }: Config): Fault[] {
  const withApi = api.listen.flatMap((listen, index) => {
    const taken =
      listen.kind === 'tcp' && listen.port !== 0 && dns.listen.find((each) => covers(each, listen));
    if (!taken) return [];
    const message = `${formatHostPort(listen)} is taken by dns.listen (${formatHostPort(taken)}); choose another port`;
    return [fault(['api', 'listen', index], message)];
  });
  return [...clashes(dns.listen, ['dns', 'listen']), ...withApi];
}

function upstreamFaults({ dns, domain }: Config): Fault[] {
  const lists = Object.entries(dns.forward).map(([name, servers]) => ({
    path: ['dns', 'forward', name],
    servers,
  }));
  if (dns.upstreams !== 'system') lists.push({ path: ['dns', 'upstreams'], servers: dns.upstreams });
  const ours = Object.keys(dns.forward)
    .filter((name) => name === domain || name.endsWith(`.${domain}`))
    .map((name): Fault => {
      const message = `is within Fairlead's own domain ${domain}, which is never forwarded; remove it`;
      return { path: ['dns', 'forward', name], part: 'key', message };
    });
  return [...ours, ...lists.flatMap(({ path, servers }) => serverFaults(servers, path, dns.listen))];
}

function serverFaults(
  servers: readonly Upstream[],
  path: readonly string[],
  listens: readonly HostPort[],
): Fault[] {
  return servers.flatMap((upstream, index) => {
    const text = formatUpstream(upstream);
    const own = listens.find((listen) =>
      wildcards.includes(listen.ip)
        ? covers(listen, upstream) && isLoopback(upstream.ip)
        : covers(listen, upstream),
    );
    if (own !== undefined) {
      const message = `${text} is Fairlead itself (dns.listen ${formatHostPort(own)}), so queries would loop; name the server behind it`;
      return [fault([...path, index], message)];
    }
    const twice = servers.slice(0, index).some((other) => covers(other, upstream));
    return twice ? [fault([...path, index], `${text} is listed twice; remove one`)] : [];
  });
}

function recordFaults({ dns }: Config): Fault[] {
  return checkRecords(dns.records).map(({ index, fault: what }) => fault(['dns', 'records', index], what));
}

function apiFaults({ api }: Config): Fault[] {
  const seen = new Set<string>();
  return api.listen.flatMap((listen, index) => {
    const text = listen.kind === 'unix' ? `unix:${listen.path}` : formatHostPort(listen);
    const twice = seen.has(text) && !text.endsWith(':0');
    seen.add(text);
    if (twice) return [fault(['api', 'listen', index], `${text} is listed twice; remove one`)];
    return listen.kind === 'tcp' && !isLoopback(listen.ip) ? exposed(api, text, index) : [];
  });
}

/** The API shows every service of the host, so other machines need a token, and tokens need TLS. */
function exposed({ tls, tokens }: Config['api'], text: string, index: number): Fault[] {
  const missing = [
    ...(tls ? [] : ['api.tls (certificate and key)']),
    ...(tokens ? [] : ['api.tokens: true']),
  ];
  if (missing.length === 0) return [];
  const message = `${text} can be reached by other machines; set ${missing.join(' and ')}, or listen on 127.0.0.1 (docs/access.md)`;
  return [fault(['api', 'listen', index], message)];
}

function socketFaults({ api, sources }: Config): Fault[] {
  const sockets: { path: Fault['path']; socket: string }[] = api.listen.map((listen, index) => ({
    path: ['api', 'listen', index],
    socket: listen.kind === 'unix' ? listen.path : '',
  }));
  for (const { path, settings } of placesOf('docker', sources.docker))
    sockets.push({ path: [...path, 'socket'], socket: settings.socket });
  const faults = sockets
    .filter(({ socket }) => Buffer.byteLength(socket) > longestSocketPath)
    .map(({ path, socket }) =>
      fault(
        path,
        `${socket} has ${Buffer.byteLength(socket)} bytes, but the system allows ${longestSocketPath} for a unix socket; choose a shorter path`,
      ),
    );
  const own = api.listen.findIndex(
    (listen) =>
      listen.kind === 'unix' &&
      instancesOf('docker', sources.docker).some(({ settings }) => settings.socket === listen.path),
  );
  if (own < 0) return faults;
  const message =
    'is the socket of the Docker engine (sources.docker.socket); choose another path for the API';
  return [...faults, fault(['api', 'listen', own], message)];
}

/** Sources of one kind need different names and places; one place read twice would give each task twice. */
function sourceFaults({ sources }: Config): Fault[] {
  const docker = placesOf('docker', sources.docker).map(({ settings, ...rest }) => {
    return { ...rest, key: 'socket', place: settings.socket };
  });
  const file = placesOf('file', sources.file).map(({ settings, ...rest }) => {
    return { ...rest, key: 'path', place: settings.path };
  });
  return [docker, file].flatMap((each) =>
    each.flatMap(({ source, path, key, place }, index) => {
      const earlier = each.slice(0, index);
      const named = earlier.some((other) => other.source === source);
      const placed = earlier.find((other) => other.place === place);
      return [
        ...(named ? [fault(path, `is a second source called ${source}; give it another name`)] : []),
        ...(placed
          ? [fault([...path, key], `${place} is read by ${placed.source} already; remove one of them`)]
          : []),
      ];
    }),
  );
}

/** The instances of a kind of source, each with its path in the configuration. */
function placesOf<T extends object>(kind: string, given: OneOrMore<T> | undefined) {
  return instancesOf(kind, given).map((instance, index) => ({
    ...instance,
    path: ['sources', kind, ...(Array.isArray(given) ? [index] : [])] as (string | number)[],
  }));
}

/** An address of this host, or of a server that it asks, cannot also belong to a service. */
function poolFaults({ vip, dns, host }: Config): Fault[] {
  const pool = vip && parseCidr(vip.pool);
  const used = [
    ...dns.listen.map(({ ip }) => ({ ip, key: 'dns.listen' })),
    ...(dns.upstreams === 'system' ? [] : dns.upstreams.map(({ ip }) => ({ ip, key: 'dns.upstreams' }))),
    ...Object.entries(dns.forward).flatMap(([name, servers]) =>
      servers.map(({ ip }) => ({ ip, key: `dns.forward.${name}` })),
    ),
    ...(host.address === undefined ? [] : [{ ip: host.address, key: 'host.address' }]),
  ].find(({ ip }) => !wildcards.includes(ip) && pool?.contains(ip));
  if (!used || !vip) return [];
  const message = `${vip.pool} contains the address ${used.ip} of ${used.key}, which a service could then get; choose another range`;
  return [fault(['vip', 'pool'], message)];
}

/** Two templates with one destination would overwrite each other without end; so would one that writes its own source. */
function templateFaults({ render }: Config): Fault[] {
  return render.templates.flatMap(({ source, destination }, index) => {
    const path = ['render', 'templates', index, 'destination'];
    if (destination === source)
      return [fault(path, `${destination} is the template itself; name another file to write`)];
    const earlier = render.templates.findIndex((each) => each.destination === destination);
    if (earlier === index) return [];
    const message = `${destination} is {other}, too; each template needs a file of its own`;
    return [{ ...fault(path, message), other: ['render', 'templates', earlier, 'destination'] }];
  });
}
