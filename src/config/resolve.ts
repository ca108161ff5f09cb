import { resolve } from 'node:path';
import { isMapping, type KeyPath } from '../text/yaml.js';
import type { Fault } from './issues.js';
import { configKeys, type ConfigKey } from './keys.js';
import { setterOf, type Layer } from './layers.js';
import type { Config } from './config-model.js';
import type { ParsedConfig } from './schema.js';
import { readEngineSocket } from './value-schemas.js';

export interface Resolution {
  readonly config: Config;
  readonly faults: readonly Fault[];
  /** Keys with a default from the environment, and the name of the variable. */
  readonly origins: ReadonlyMap<string, string>;
}

const socketPath = ['sources', 'docker', 'socket'] as const;

/**
 * Makes paths absolute, each relative to where it was written. Removes sections that are switched off. Uses
 * `DOCKER_HOST` in place of the default socket.
 * @param cwd the directory for relative paths that do not come from a layer
 */
export function resolveConfig(
  parsed: ParsedConfig,
  layers: readonly Layer[],
  env: NodeJS.ProcessEnv,
  cwd: string,
): Resolution {
  const absolute: ToAbsolute = (text, path) => resolve(setterOf(layers, path)?.directory ?? cwd, text);
  const host = setterOf(layers, socketPath) === undefined ? (env['DOCKER_HOST'] ?? '') : '';
  const { docker } = parsed.sources;
  const { sources, ...given } =
    // With several engines, each has its own socket key.
    docker && !Array.isArray(docker) && host !== ''
      ? readDockerHost(host, docker)
      : { sources: {}, faults: [], origins: new Map() };
  const listen = parsed.api.listen.map((each, index) =>
    each.kind === 'unix' ? { ...each, path: absolute(each.path, ['api', 'listen', index]) } : each,
  );
  const templates = parsed.render.templates.map((each, index) => {
    const at = (key: string) => ['render', 'templates', index, key];
    return {
      ...each,
      source: absolute(each.source, at('source')),
      destination: absolute(each.destination, at('destination')),
      ...(each.sandbox !== undefined && { sandbox: absolute(each.sandbox, at('sandbox')) }),
    };
  });
  const complete = {
    ...parsed,
    render: { ...parsed.render, templates },
    sources: { ...parsed.sources, ...sources },
    api: { ...parsed.api, listen },
  };
  // The model's type is the type of the parsed configuration with the same changes.
  const config = settle(complete, configKeys(), [], absolute) as Config;
  return { config: deepFreeze(config), ...given };
}

type ToAbsolute = (text: string, path: KeyPath) => string;

/** The value in the model of a key of the parsed configuration; undefined: absent from the model. */
function settle(value: unknown, key: ConfigKey, path: KeyPath, absolute: ToAbsolute): unknown {
  if (key.repeatable && Array.isArray(value)) {
    return value.map((item: { readonly name?: string }, index) => ({
      ...(item.name !== undefined && { name: item.name }),
      ...(settle(item, key, [...path, index], absolute) as object),
    }));
  }
  if (key.kind === 'section') {
    if (!isMapping(value)) return undefined;
    const entries = [...key.children].map(([name, child]): [string, unknown] => {
      return [name, settle(value[name], child, [...path, name], absolute)];
    });
    return Object.fromEntries(entries.filter(([, inner]) => inner !== undefined));
  }
  if (!key.holdsPaths) return value;
  if (typeof value === 'string') return absolute(value, path);
  if (!isMapping(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, text]) => [name, absolute(String(text), [...path, name])]),
  );
}

type Docker = Exclude<ParsedConfig['sources']['docker'], false | undefined | readonly unknown[]>;

function readDockerHost(host: string, docker: Docker) {
  const reading = readEngineSocket(host);
  // Docker's own client does not read a text without a scheme as a path.
  const socket = 'value' in reading && host.startsWith('unix:') ? reading.value : undefined;
  const fault: Fault = {
    path: socketPath,
    part: 'value',
    message: dockerHostFault(host),
    origin: 'DOCKER_HOST',
  };
  return {
    sources: { docker: { ...docker, socket: socket ?? docker.socket } },
    faults: socket === undefined ? [fault] : [],
    origins: new Map([['sources.docker.socket', 'DOCKER_HOST']]),
  };
}

function dockerHostFault(host: string): string {
  return (
    `is ${JSON.stringify(host)}, but Fairlead reads the engine of its own host through a unix socket; ` +
    'unset DOCKER_HOST, set it to unix:///path, or set sources.docker.socket'
  );
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  // Bytes cannot be frozen.
  if (ArrayBuffer.isView(value)) return value;
  for (const inner of Object.values(value)) deepFreeze<unknown>(inner);
  return Object.freeze(value);
}
