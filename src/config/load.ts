import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { errorCode } from '../net/error-message.js';
import { fileFault } from '../text/file-fault.js';
import type { KeyPath } from '../text/yaml.js';
import { crossCheck } from './cross-check.js';
import { configDocument } from './document.js';
import { formatConfigError, formatPlace, type ConfigError } from './errors.js';
import { readFileLayer, type TextSource } from './file-layer.js';
import { readChecks, type ConfiguredChecks } from './configured-checks.js';
import { issueFaults, locateFault, sortErrors, type Fault } from './issues.js';
import { allKeys } from './keys.js';
import { mergeLayers, setterOf, valueAt, type Layer } from './layers.js';
import type { Config } from './config-model.js';
import { resolveConfig } from './resolve.js';
import { configSchema } from './schema.js';
import { readEnvironment, readFlags } from './text-layers.js';

export interface LoadOptions {
  /** The file. Absent: `FAIRLEAD_CONFIG`, else `./fairlead.yaml`, else the system's file, else no file. */
  readonly path?: string;
  readonly env: NodeJS.ProcessEnv;
  /** Absolute; relative paths of flags, variables and `path` are relative to it. */
  readonly cwd: string;
  /** `dns.ttl=5`, from `--set` flags; later ones win. */
  readonly set?: readonly string[];
  /** The system's file, which is tried last: `/etc/fairlead/fairlead.yaml`. */
  readonly systemFile?: string;
}

export type LoadResult =
  | {
      readonly ok: true;
      readonly config: Config;
      /** Absolute path of the file that was read; absent if there was none. */
      readonly path?: string;
      /**
       * The origin of each key that has a value: `default`, `fairlead.yaml:3:8`, `FAIRLEAD_DNS__TTL`, `DOCKER_HOST` or
       * `--set`. A source that was switched off appears under its own key (`sources.docker`). It takes as long as all
       * the rest, so a start does without.
       */
      readonly origins: () => ReadonlyMap<string, string>;
      /** Whether a file, a variable or a flag says something about a key. */
      readonly isSet: (path: KeyPath) => boolean;
      /** The checks that `health` defines, including those in the files that it names. */
      readonly checks: ConfiguredChecks;
      /**
       * Makes one line for a mistake at a path that only the user of that key can detect: `fairlead.yaml:3:8: vip.pool:
       * ...`.
       */
      readonly errorAt: (path: KeyPath, message: string) => string;
      /** SHA-256 in hex, equal for two configurations exactly if they have the same meaning. */
      readonly hash: string;
    }
  | { readonly ok: false; readonly path?: string; readonly errors: readonly ConfigError[] };

/** The context of a text that is not loaded from a named file. */
export interface TextOptions extends Partial<TextSource> {
  readonly env?: NodeJS.ProcessEnv;
  /** Absolute. Paths in variables and flags are relative to it, and paths in the text if there is no `directory`. */
  readonly cwd?: string;
  readonly set?: readonly string[];
  /** Reads a file that the text names (`health.rancherCompose`). Absent: such files are ignored. */
  readonly read?: (path: string) => string;
}

interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly set: readonly string[];
  readonly read?: ((path: string) => string) | undefined;
}

const defaultSystemFile = '/etc/fairlead/fairlead.yaml';

/**
 * Reads the configuration. Flags win over the environment, the environment over the file, and the file over defaults.
 * Synchronous; never throws. Reports all mistakes at once, each with its place.
 */
export function loadConfig(options: LoadOptions): LoadResult {
  const { env, cwd, set = [], systemFile = defaultSystemFile } = options;
  const named = options.path ?? (env['FAIRLEAD_CONFIG'] === '' ? undefined : env['FAIRLEAD_CONFIG']);
  for (const name of named === undefined ? ['fairlead.yaml', systemFile] : [named]) {
    const path = resolve(cwd, name);
    let text: string;
    try {
      text = readText(path);
    } catch (error) {
      if (named === undefined && ['ENOENT', 'ENOTDIR'].includes(errorCode(error))) continue;
      const message = fileFault(error);
      const fromVariable = named !== undefined && options.path === undefined;
      const where = fromVariable ? { origin: 'FAIRLEAD_CONFIG' } : { file: name };
      return {
        ok: false,
        path,
        errors: [{ ...where, path: '', message: fromVariable ? `${name}: ${message}` : message }],
      };
    }
    const result = build({ text, file: name, directory: dirname(path) }, { env, cwd, set, read: readText });
    return { ...result, path };
  }
  return build(undefined, { env, cwd, set, read: readText });
}

/** @throws the system's error */
export function readText(path: string): string {
  return readFileSync(path, 'utf8');
}

/** The same for a text (`config validate -`, tests). It does not use the process's own environment. */
export function parseConfigText(text: string, options: TextOptions = {}): LoadResult {
  const { file = 'fairlead.yaml', cwd = process.cwd(), env = {}, set = [], read } = options;
  return build({ text, file, directory: options.directory ?? cwd }, { env, cwd, set, read });
}

function build(
  source: (TextSource & { readonly text: string }) | undefined,
  { env, cwd, set, read }: Surroundings,
): LoadResult {
  const file = source === undefined ? undefined : readFileLayer(source.text, source);
  const environment = readEnvironment(env, cwd);
  const flags = readFlags(set, cwd);
  const layers = [...(file?.ok === true ? [file.layer] : []), ...environment.layers, ...flags.layers];
  const errors = [...(file?.ok === false ? file.errors : []), ...environment.errors, ...flags.errors];

  const merged = mergeLayers(layers);
  const health = readChecks(merged, { layers, cwd, read });
  const located = (faults: readonly Fault[]) => faults.map((fault) => locateFault(fault, layers));
  const failed = (faults: readonly Fault[]): LoadResult => {
    const own = [...errors, ...located([...faults, ...health.faults])];
    return { ok: false, errors: [...sortErrors(own), ...health.errors] };
  };
  const parsed = configSchema.safeParse(merged);
  if (!parsed.success) return failed(parsed.error.issues.flatMap((issue) => issueFaults(issue)));
  // Keys that could not be read are missing here, so their conflicts cannot be reported.
  if (errors.length > 0) return failed([]);

  const { config, faults, origins } = resolveConfig(parsed.data, layers, env, cwd);
  const all = [...faults, ...crossCheck(config)];
  if (all.length + health.faults.length + health.errors.length > 0) return failed(all);
  const errorAt = (path: KeyPath, message: string) =>
    formatConfigError(locateFault({ path, part: 'value', message }, layers));
  return {
    ok: true,
    config,
    origins: () => originsOf(config, layers, origins),
    isSet: (path) => setterOf(layers, path) !== undefined,
    checks: health.checks,
    errorAt,
    hash: hashOf(config),
  };
}

function originsOf(
  config: Config,
  layers: readonly Layer[],
  fromDefaults: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const origins = new Map<string, string>();
  for (const { path, kind } of allKeys()) {
    const keys = path.split('.');
    const layer = setterOf(layers, keys);
    const given = layer && valueAt(layer.value, keys.slice(layer.path.length));
    const hasValue = valueAt(config, keys) !== undefined;
    if (kind === 'section' ? hasValue || given !== false : !hasValue) continue;
    origins.set(path, layer === undefined ? (fromDefaults.get(path) ?? 'default') : placeOf(layer, keys));
  }
  return origins;
}

function placeOf(layer: Layer, keys: readonly string[]): string {
  const where = layer.locate(keys.slice(layer.path.length), 'value');
  return where.file === undefined ? layer.label : formatPlace(where);
}

function hashOf(config: Config): string {
  return createHash('sha256')
    .update(JSON.stringify(configDocument(config)))
    .digest('hex');
}
