import type { ServiceRefJson, Timestamp } from './references.js';

/** What the API tells of virtual IPs; see `types.ts`. */

/** `vips` of `GET /v1/status`. */
export interface VipStatusJson {
  /** What carries them: a proxy in the daemon, the kernel, or nothing. */
  readonly plane: 'proxy' | 'nftables' | 'ipvs' | 'ebpf' | 'off';
  /** The addresses that they are leased from, CIDR; absent: off. */
  readonly pool?: string;
  /** Why they are off. */
  readonly why?: string;
  /** Whether that is although the configuration wants them. */
  readonly wanted?: boolean;
  /** Ports of virtual IPs. */
  readonly services: number;
  /** How often rules of the kernel were put back that another program had taken away; absent: never. */
  readonly repairs?: number;
}

/**
 * - `up`: it takes connections
 * - `empty`: no task takes any; they are refused
 * - `down`: it cannot be served, see `problem`
 */
export type VipState = 'up' | 'empty' | 'down';

/** A connection means for UDP a session: the datagrams from one address and port of a client. */
export interface VipCounters {
  /** Open connections. */
  readonly active: number;
  /** Connections since it is served that were given to a task, or tried on one; not those that were `refused`. */
  readonly total: number;
  /** Octets from clients. */
  readonly bytesIn: number;
  /** Octets to clients. */
  readonly bytesOut: number;
  /** Connections turned away: no task takes any, a limit, no PROXY header, no file descriptor. Not part of `total`. */
  readonly refused: number;
  /** Connections that no attempt could carry; part of `total`. */
  readonly failed: number;
  /** Attempts on another task after one that failed. */
  readonly retried: number;
}

/** What bounds and shapes connections to one port of a virtual IP; what is absent is not set. */
export interface VipSettings {
  /** Open connections of the whole service, at most. */
  readonly maxConnections?: number;
  /** Open connections of one client address, at most. */
  readonly maxPerClient?: number;
  /** Seconds after its last connection that a client address stays with its task. */
  readonly affinity?: number;
  /** The PROXY header that tasks are sent. */
  readonly proxyProtocol?: 'v1' | 'v2';
  /** Clients have to begin with a PROXY header. */
  readonly acceptProxy?: true;
}

/** An item of `GET /v1/vips`: one port of a virtual IP. */
export interface VipJson extends ServiceRefJson, VipCounters {
  /** The service's key. */
  readonly key: string;
  /** The service's name below the domain: `web.shop`. */
  readonly name: string;
  readonly vip: string;
  readonly port: number;
  readonly protocol: 'tcp' | 'udp';
  readonly scheduler: string;
  /** Absent: nothing is set. */
  readonly settings?: VipSettings;
  readonly state: VipState;
  /** Why it is `down`: one line, with what to do. */
  readonly problem?: string;
  readonly tasks: readonly VipTaskJson[];
}

/** A task that connections go to, or that has open ones. */
export interface VipTaskJson {
  readonly id: string;
  readonly name: string;
  /** `ip:port`. */
  readonly address: string;
  /** What the scheduler goes by: with a slow start all weights of a service are scaled, so that they can grow by steps. */
  readonly weight: number;
  /** The weight that is configured; absent: the task is gone. */
  readonly configuredWeight?: number;
  /** The share of its weight that a slow start gives it now, 0 to 1; absent: all of it. */
  readonly slowStart?: number;
  /** At most so many open connections; absent: no limit. */
  readonly maxConnections?: number;
  /**
   * - `active`: it takes connections
   * - `full`: it has as many as it may have
   * - `quiesced`: its weight is 0, it takes no new ones
   * - `draining`: it is going away or is drained, and takes no new ones
   */
  readonly state: 'active' | 'full' | 'quiesced' | 'draining';
  readonly active: number;
  /** Connections since it came. */
  readonly total: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Attempts that were refused or timed out, and connections that it reset before its first octet. */
  readonly errors: number;
}

/** `GET /v1/vips`. */
export interface VipListJson {
  readonly revision: number;
  /** The daemon's clock when it answered. */
  readonly now: Timestamp;
  readonly vips: readonly VipJson[];
}
