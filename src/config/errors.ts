import { variableName } from './variable-name.js';

/** One mistake in the configuration. Either `file` or `origin` says where it is. */
export interface ConfigError {
  /** The file as the user named it. */
  readonly file?: string;
  /** From 1. */
  readonly line?: number;
  /** From 1. */
  readonly column?: number;
  /** The environment variable (`FAIRLEAD_DNS__TTL`) or the flag (`--set dns.ttl=x`) that contains it. */
  readonly origin?: string;
  /** The key: `dns.listen[1]`; empty for the whole file. */
  readonly path: string;
  /** What is wrong, why, and what to do: one line. */
  readonly message: string;
}

/** `dns.listen[1]` for `['dns', 'listen', 1]`. */
export function formatPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    return text === '' ? String(key) : `${text}.${String(key)}`;
  }, '');
}

/** `fairlead.yaml:3:8`, as far as it is known. */
export function formatPlace({ file, line, column }: Pick<ConfigError, 'file' | 'line' | 'column'>): string {
  return [file, line, column].filter((part) => part !== undefined).join(':');
}

function originNames(origin: string, path: string): boolean {
  return (
    origin === variableName(path) ||
    origin === `${variableName(path)}_FILE` ||
    origin.startsWith(`--set ${path}=`)
  );
}

/**
 * One line for people: `fairlead.yaml:12:5: dns.ttl: ...`, `FAIRLEAD_DNS__TTL: ...`, `--set dns.ttl=x: ...`.
 * The key is left out where the variable or flag already names it.
 */
export function formatConfigError(error: ConfigError): string {
  const { origin, path, message } = error;
  const place = origin ?? formatPlace(error);
  const key = origin !== undefined && originNames(origin, path) ? '' : path;
  return [place, key, message].filter((part) => part !== '').join(': ');
}
