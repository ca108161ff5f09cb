import type { VipFigures, VipTaskFigures } from '../../net/vip-figures.js';
import type { ServiceRefJson, Timestamp } from './references.js';

/** What the API tells of virtual IPs; see `types.ts`. */

/**
 * - `up`: it takes connections
 * - `empty`: no task takes any; they are refused
 * - `down`: it cannot be served, see `problem`
 */
export type VipState = 'up' | 'empty' | 'down';

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
  /** Each datagram is given to a task by itself. */
  readonly ops?: true;
}

/** An item of `GET /v1/vips`: one port of a virtual IP. */
export interface VipJson extends ServiceRefJson, VipFigures {
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
export interface VipTaskJson extends VipTaskFigures {
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
}

/** `GET /v1/vips`. */
export interface VipListJson {
  readonly revision: number;
  /** The daemon's clock when it answered. */
  readonly now: Timestamp;
  readonly vips: readonly VipJson[];
}
