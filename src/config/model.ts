import type { Cidr, HostPort } from '../net/ip.js';

type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error';

/** `auto` is `text` on a terminal and `json` elsewhere. */
type LogFormat = 'auto' | 'json' | 'text';

/** Where the API listens: a unix socket, or a loopback address. */
export type ApiListen =
  { readonly kind: 'unix'; readonly path: string } | ({ readonly kind: 'tcp' } & HostPort);

export interface DockerSourceConfig {
  /** Absolute path of the engine's unix socket. */
  readonly socket: string;
  /** Milliseconds between two full comparisons with the engine. */
  readonly resync: number;
}

interface FileSourceConfig {
  /** Absolute path. */
  readonly path: string;
}

/**
 * The whole configuration, resolved: every default filled in, every path absolute, every address canonical.
 * Each key keeps its name from the file; a duration is a number of milliseconds, an address is parsed.
 * The value is deeply frozen.
 */
export interface Config {
  /** Lower case, no trailing dot. */
  readonly domain: string;
  readonly environment: string;
  /** Absolute path of a directory. */
  readonly state: string;
  readonly log: { readonly level: LogLevel; readonly format: LogFormat };
  readonly host: {
    /** Canonical; absent: to be found on the host's own interfaces. */
    readonly address?: string;
  };
  readonly dns: {
    /** One at least. Port 0 asks the system for a free port. */
    readonly listen: readonly HostPort[];
    /** Seconds. */
    readonly ttl: number;
    /** Seconds. */
    readonly negativeTtl: number;
    /** `system`: those of the host's resolv.conf. An empty list: other names are not forwarded. */
    readonly upstreams: 'system' | readonly HostPort[];
    /** Milliseconds. */
    readonly upstreamTimeout: number;
    /** Absent: whoever can reach a listening address may ask. */
    readonly allow?: readonly Cidr[];
  };
  readonly sources: {
    /** Absent: off. */
    readonly docker?: DockerSourceConfig;
    /** Absent: off. */
    readonly file?: FileSourceConfig;
  };
  readonly api: {
    /** Empty: no API. */
    readonly listen: readonly ApiListen[];
  };
}
