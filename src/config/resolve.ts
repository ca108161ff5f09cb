import { resolve } from 'node:path';
import type { KeyPath } from '../text/yaml.js';
import type { Fault } from './issues.js';
import { setterOf, type Layer } from './layers.js';
import type { ApiListen, Config, DockerSourceConfig } from './model.js';
import type { ParsedConfig } from './schema.js';

export interface Resolution {
  readonly config: Config;
  readonly faults: readonly Fault[];
  /** Keys whose default the environment gave, with the name of the variable. */
  readonly origins: ReadonlyMap<string, string>;
}

const socketPath = ['sources', 'docker', 'socket'] as const;

/**
 * Makes the paths absolute, each from where it was written, and lets `DOCKER_HOST` stand in for the default socket.
 * @param cwd what relative paths are relative to that no layer wrote
 */
export function resolveConfig(
  parsed: ParsedConfig,
  layers: readonly Layer[],
  env: NodeJS.ProcessEnv,
  cwd: string,
): Resolution {
  const faults: Fault[] = [];
  const origins = new Map<string, string>();
  const absolute = (text: string, path: KeyPath) => resolve(setterOf(layers, path)?.directory ?? cwd, text);
  const { docker, file } = parsed.sources;

  const dockerConfig = (given: Exclude<typeof docker, false | undefined>): DockerSourceConfig => {
    const host = env['DOCKER_HOST'] ?? '';
    if (host === '' || setterOf(layers, socketPath) !== undefined) {
      return { socket: absolute(given.socket, socketPath), resync: given.resync };
    }
    origins.set('sources.docker.socket', 'DOCKER_HOST');
    const socket = /^unix:\/\/(\/[^\0]+)$/.exec(host)?.[1];
    if (socket === undefined)
      faults.push({ path: socketPath, part: 'value', message: dockerHostFault(host), origin: 'DOCKER_HOST' });
    return { socket: socket ?? given.socket, resync: given.resync };
  };
  const apiListen = (listen: ApiListen, index: number): ApiListen => {
    if (listen.kind === 'tcp') return listen;
    return { kind: 'unix', path: absolute(listen.path, ['api', 'listen', index]) };
  };

  const { rebindProtection, queryLog, upstreamCa, topLevelDomains, nsid, allow } = parsed.dns;
  const config: Config = {
    domain: parsed.domain,
    environment: parsed.environment,
    state: absolute(parsed.state, ['state']),
    log: parsed.log,
    host: parsed.host.address === undefined ? {} : { address: parsed.host.address },
    dns: {
      listen: parsed.dns.listen,
      ttl: parsed.dns.ttl,
      negativeTtl: parsed.dns.negativeTtl,
      upstreams: parsed.dns.upstreams,
      upstreamTimeout: parsed.dns.upstreamTimeout,
      ...(upstreamCa !== undefined && { upstreamCa: absolute(upstreamCa, ['dns', 'upstreamCa']) }),
      forward: parsed.dns.forward,
      records: parsed.dns.records,
      cacheSize: parsed.dns.cacheSize,
      ...(rebindProtection && { rebindProtection }),
      ...(allow !== undefined && { allow }),
      rateLimit: parsed.dns.rateLimit,
      ...(queryLog && { queryLog }),
      native: parsed.dns.native,
      workers: parsed.dns.workers,
      ...(nsid !== undefined && { nsid }),
      ...(topLevelDomains !== undefined && {
        topLevelDomains: absolute(topLevelDomains, ['dns', 'topLevelDomains']),
      }),
    },
    sources: {
      ...(docker !== undefined && docker !== false && { docker: dockerConfig(docker) }),
      ...(file !== undefined &&
        file !== false && { file: { path: absolute(file.path, ['sources', 'file', 'path']) } }),
    },
    ...(parsed.vip !== false && { vip: parsed.vip }),
    balancing: { ...parsed.balancing, affinity: Math.ceil(parsed.balancing.affinity / 1000) },
    health: {
      rancherCompose: Object.fromEntries(
        Object.entries(parsed.health.rancherCompose).map(([stack, path]) => [
          stack,
          absolute(path, ['health', 'rancherCompose', stack]),
        ]),
      ),
      defaults: parsed.health.defaults,
    },
    api: { listen: parsed.api.listen.map(apiListen) },
  };
  return { config: deepFreeze(config), faults, origins };
}

function dockerHostFault(host: string): string {
  return (
    `is ${JSON.stringify(host)}, but Fairlead reads the engine of its own host through a unix socket; ` +
    'unset DOCKER_HOST, set it to unix:///path, or set sources.docker.socket'
  );
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const inner of Object.values(value)) deepFreeze<unknown>(inner);
  return Object.freeze(value);
}
