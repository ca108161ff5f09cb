import type { Balancing } from '../net/balancing.js';
import type { Cidr, HostPort } from '../net/ip.js';
import type { StaticRecord } from '../net/record-text.js';
import type { Upstream } from '../net/upstream.js';

type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error';

/** `auto` is `text` on a terminal and `json` elsewhere. */
type LogFormat = 'auto' | 'json' | 'text';

/** What became of a query: `denial` is NXDOMAIN and NODATA, `error` every other response code. */
type QueryClass = 'success' | 'denial' | 'error';

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
    readonly upstreams: 'system' | readonly Upstream[];
    /** Milliseconds. */
    readonly upstreamTimeout: number;
    /** Absolute path of a PEM file. */
    readonly upstreamCa?: string;
    /** By suffix: lower case, no dot at either end. */
    readonly forward: Readonly<Record<string, readonly Upstream[]>>;
    readonly records: readonly StaticRecord[];
    /** MiB. */
    readonly cacheSize: number;
    /** Absent: off. */
    readonly rebindProtection?: { readonly allow: readonly string[] };
    /** Absent: private addresses, and those of known networks and tasks. */
    readonly allow?: readonly Cidr[];
    /** Replies a second; 0: no limit. */
    readonly rateLimit: number;
    /** Absent: off. */
    readonly queryLog?: { readonly sample: number; readonly classes: readonly QueryClass[] };
    readonly native: 'auto' | 'off';
    /** Threads that answer UDP, where `native` is possible. */
    readonly workers: 'auto' | number;
    readonly nsid?: string;
    /** Absolute path. */
    readonly topLevelDomains?: string;
  };
  readonly sources: {
    /** Absent: off. */
    readonly docker?: DockerSourceConfig;
    /** Absent: off. */
    readonly file?: FileSourceConfig;
  };
  /** Absent: there are no virtual IPs. */
  readonly vip?: {
    /** CIDR, from its first address. */
    readonly pool: string;
    /** Milliseconds. */
    readonly release: number;
    readonly endpointMode: 'dnsrr' | 'vip';
    readonly native: 'auto' | 'off';
    /** Threads that carry connections, where `native` is possible. */
    readonly workers: number;
  };
  /** Complete; the affinity is in seconds. */
  readonly balancing: Required<Balancing>;
  readonly health: {
    /** Absolute paths by stack. */
    readonly rancherCompose: Readonly<Record<string, string>>;
    /** By stack: a mapping in the form of `health_check:`, as it was written. */
    readonly defaults: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  };
  readonly api: {
    /** Empty: no API. */
    readonly listen: readonly ApiListen[];
  };
}
