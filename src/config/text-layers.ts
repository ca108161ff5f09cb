import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileFault } from '../text/file-fault.js';
import { nearest } from '../text/nearest.js';
import type { ConfigError } from './errors.js';
import { allKeys, configKeys, findKey, type ConfigKey } from './keys.js';
import type { Layer } from './layers.js';
import { variableName, variablePrefix } from './variable-name.js';
import { mayHoldSecret } from './hide-secrets.js';
import { HIDDEN } from '../text/hidden.js';
import { unknownKey } from './unknown-key.js';

/** Variables with the prefix that are not keys: the command line uses these two. */
const otherVariables = ['FAIRLEAD_CONFIG', 'FAIRLEAD_ADDR'] as const;

/** Variables that Kubernetes and Docker links set for a service or container called fairlead. */
const foreignVariable = /^FAIRLEAD_(SERVICE_(HOST|PORT)(_.*)?|PORT(_\d+_(TCP|UDP|SCTP)(_.*)?)?|NAME|ENV_.*)$/;

interface TextLayers {
  readonly layers: readonly Layer[];
  readonly errors: readonly ConfigError[];
}

interface Text {
  readonly key: ConfigKey;
  readonly text: string;
  /** For errors: the variable, or the flag as it was written. */
  readonly origin: string;
  readonly label: string;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** The value that a text represents; undefined if there is none. The schema checks it afterwards. */
function readText({ kind, words }: ConfigKey, text: string): unknown {
  const word = words.find((each) => String(each) === text);
  if (word !== undefined) return word;
  switch (kind) {
    case 'section':
    case 'mapping': {
      const value = parseJson(text);
      return typeof value === 'object' ? value : undefined;
    }
    case 'list': {
      // An IPv6 address also begins with a bracket, so a text that is not JSON is a list with commas.
      const value = text.startsWith('[') ? parseJson(text) : undefined;
      if (Array.isArray(value)) return value as unknown[];
      return text === '' ? [] : text.split(',').map((item) => item.trim());
    }
    case 'number':
      return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
    case 'boolean':
      return text === 'true' || (text === 'false' ? false : text);
    case 'text':
      return text;
  }
}

function textLayer({ key, text, origin, label }: Text, directory: string): Layer | ConfigError {
  const value = readText(key, text.trim());
  if (value !== undefined && value !== null) {
    return { path: key.path.split('.'), value, label, directory, locate: () => ({ origin }) };
  }
  const child = [...key.children.keys()].map((name) => `${key.path}.${name}`)[0] ?? key.path;
  const off = key.words.includes(false) ? ' or false' : '';
  const message = `is not a JSON object${off}; write one, or set a single key in it, such as ${child}`;
  return { origin, path: key.path, message };
}

function collect(results: readonly (Layer | ConfigError)[]): TextLayers {
  const isLayer = (result: Layer | ConfigError): result is Layer => 'locate' in result;
  return {
    layers: results.filter(isLayer),
    errors: results.filter((result): result is ConfigError => !isLayer(result)),
  };
}

/**
 * The layers of the environment. An empty variable counts as not set. The variable of a key wins over that of a section
 * around it.
 * @param directory the directory for relative paths
 */
export function readEnvironment(env: NodeJS.ProcessEnv, directory: string): TextLayers {
  const given = Object.entries(env).filter(([name, text]) => name.startsWith(variablePrefix) && text !== '');
  // Most often there are none, and listing all keys takes as long as reading the configuration.
  if (given.length === 0) return { layers: [], errors: [] };
  const keys = new Map(allKeys().map((key) => [variableName(key.path), key]));
  const results: (Layer | ConfigError)[] = [];
  // The name of a section is a prefix of its keys' names, so this order puts it before them.
  for (const [name, text = ''] of given.sort(([a], [b]) => (a < b ? -1 : 1))) {
    if ((otherVariables as readonly string[]).includes(name) || foreignVariable.test(name)) continue;
    const key = keys.get(name);
    const fileKey = name.endsWith('_FILE') ? keys.get(name.slice(0, -'_FILE'.length)) : undefined;
    if (key !== undefined) {
      results.push(textLayer({ key, text, origin: name, label: name }, directory));
    } else if (fileKey !== undefined) {
      results.push(fromFile(fileKey, name, text, env, directory));
    } else {
      results.push({ origin: name, path: '', message: unknownVariable(name, [...keys.keys()]) });
    }
  }
  return collect(results);
}

/** A `_FILE` variable: the value is the content of the file. */
function fromFile(
  key: ConfigKey,
  name: string,
  file: string,
  env: NodeJS.ProcessEnv,
  directory: string,
): Layer | ConfigError {
  const direct = variableName(key.path);
  if (env[direct]) {
    return { origin: name, path: key.path, message: `is set together with ${direct}; unset one of them` };
  }
  try {
    const text = readFileSync(resolve(directory, file), 'utf8').replace(/[\r\n]+$/, '');
    return textLayer({ key, text, origin: name, label: name }, directory);
  } catch (error) {
    return { origin: name, path: key.path, message: `${file}: ${fileFault(error)}` };
  }
}

function unknownVariable(name: string, known: readonly string[]): string {
  const candidates = [...known, ...known.map((each) => `${each}_FILE`), ...otherVariables];
  const bare = nearest(
    name.slice(variablePrefix.length),
    candidates.map((each) => each.slice(variablePrefix.length)),
  );
  const hint =
    bare === undefined
      ? 'unset it, or see docs/configuration.md for the list of variables'
      : `did you mean ${variablePrefix}${bare}? (two underscores stand between levels)`;
  return `is not a variable that Fairlead knows; ${hint}`;
}

/**
 * The layers of `--set key=value` flags; later ones win.
 * @param directory the directory for relative paths
 */
export function readFlags(flags: readonly string[], directory: string): TextLayers {
  return collect(
    flags.map((flag) => {
      const split = flag.indexOf('=');
      const path = flag.slice(0, split).trim();
      // Errors and `config show` name the flag as the origin.
      const origin = `--set ${split > 0 && mayHoldSecret(path) ? `${path}=${HIDDEN}` : flag}`;
      if (split < 1 || path === '') {
        return { origin, path: '', message: 'has no value; write --set key=value, such as --set dns.ttl=5' };
      }
      const key = findKey(path.split('.'));
      if (key !== undefined)
        return textLayer({ key, text: flag.slice(split + 1), origin, label: '--set' }, directory);
      const names = path.split('.');
      const known = names.findIndex((_, index) => findKey(names.slice(0, index + 1)) === undefined);
      const parent = findKey(names.slice(0, known)) ?? configKeys();
      return { origin, path, message: unknownKey(parent, names[known] ?? path) };
    }),
  );
}
