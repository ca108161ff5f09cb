import type { Told, VipCarrier, VipFigures, VipTaskFigures } from '../../net/vip-figures.js';
import type { TimesJson } from './dns-figures.js';
import type { ServiceRefJson, Timestamp } from './references.js';

/** Virtual IPs, as the API shows them; see `types.ts`. */

/**
 * - `up`: it takes connections
 * - `empty`: no task takes connections, so they are refused
 * - `down`: it cannot be served; see `problem`
 */
export type VipState = 'up' | 'empty' | 'down';

/** What bounds and shapes connections to one port of a virtual IP; what is absent is not set. */
export interface VipSettings {
  /** The most open connections of the whole service. */
  readonly maxConnections?: number;
  /** The most open connections of one client address. */
  readonly maxPerClient?: number;
  /** How many seconds a client address stays with its task after its last connection. */
  readonly affinity?: number;
  /** The version of the PROXY header that tasks receive. */
  readonly proxyProtocol?: 'v1' | 'v2';
  /** Whether clients must begin with a PROXY header. */
  readonly acceptProxy?: true;
  /** Each datagram is given to a task by itself. */
  readonly ops?: true;
}

/** An item of `GET /v1/vips`: one port of a virtual IP. */
export interface VipJson extends ServiceRefJson, Told<VipFigures> {
  /** The service's key. */
  readonly key: string;
  /** The service's name below the domain: `web.shop`. */
  readonly name: string;
  readonly vip: string;
  readonly port: number;
  readonly protocol: 'tcp' | 'udp';
  readonly scheduler: string;
  /** Absent if nothing is set. */
  readonly settings?: VipSettings;
  readonly state: VipState;
  /** Why it is `down`, in one line with what to do. */
  readonly problem?: string;
  /** What carries it; absent: the data plane carries all alike. */
  readonly carrier?: VipCarrier;
  /** How long the proxy's connections to tasks took to be established; absent: there were none. */
  readonly connects?: TimesJson;
  readonly tasks: readonly VipTaskJson[];
}

/** A task that connections go to, or that has open ones. */
export interface VipTaskJson extends Told<VipTaskFigures> {
  readonly id: string;
  readonly name: string;
  /** `ip:port`. */
  readonly address: string;
  /**
   * The weight that the scheduler uses. During a slow start all weights of a service are scaled, so that they can grow
   * in steps.
   */
  readonly weight: number;
  /** The configured weight; absent if the task is gone. */
  readonly configuredWeight?: number;
  /** The share of its weight during a slow start, 0 to 1; absent: the full weight. */
  readonly slowStart?: number;
  /** The most open connections; absent: no limit. */
  readonly maxConnections?: number;
  /**
   * - `active`: it takes connections
   * - `full`: it has reached its limit
   * - `quiesced`: its weight is 0, so it takes no new ones
   * - `draining`: it is stopping or is drained, so it takes no new ones
   */
  readonly state: 'active' | 'full' | 'quiesced' | 'draining';
}

/** `GET /v1/vips`. */
export interface VipListJson {
  readonly revision: number;
  /** The daemon's time when it answered. */
  readonly now: Timestamp;
  readonly vips: readonly VipJson[];
}
