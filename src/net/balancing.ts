import { parseBoolean } from './boolean.js';
import { durationForm, formatDuration, parseDuration } from './duration.js';

/** How a virtual IP chooses a task: the names of IPVS's algorithms (ipvsadm(8), "--scheduler"). */
export const SCHEDULERS = [
  'rr',
  'wrr',
  'lc',
  'wlc',
  'sed',
  'nq',
  'dh',
  'sh',
  'sh-port',
  'mh',
  'mh-port',
  'lblc',
  'lblcr',
  'fo',
  'ovf',
  'twos',
] as const;

export type SchedulerName = (typeof SCHEDULERS)[number];

/**
 * How traffic is distributed over the tasks of a service. Undefined settings are not set. 0 and `none` turn a setting
 * off.
 */
export interface Balancing {
  readonly scheduler?: SchedulerName;
  /** Seconds after its last flow during which a client address keeps its task; 0: no affinity. */
  readonly affinity?: number;
  /** Most open connections or sessions per task; 0: no limit. */
  readonly maxConnections?: number;
  /** Most open connections or sessions of the whole service; 0: no limit. */
  readonly serviceMaxConnections?: number;
  /** Most open connections or sessions per client address; 0: no limit. */
  readonly maxPerClient?: number;
  /** The version of the header that tells the task the client's address (haproxy.org, "The PROXY protocol"). */
  readonly proxyProtocol?: 'v1' | 'v2' | 'none';
  /** Whether clients begin connections with such a header. */
  readonly acceptProxy?: boolean;
  /** What happens to open connections when their task is removed or becomes unhealthy. */
  readonly onDown?: 'keep' | 'reset';
  /** Milliseconds; 0: no timeout. */
  readonly idleTimeout?: number;
  /** How long open connections of a draining task may continue, in milliseconds; 0: no limit. */
  readonly drainTimeout?: number;
  /** UDP: a session ends after this many replies; 0: only by timeout. */
  readonly udpReplies?: number;
  /** UDP: each datagram is scheduled by itself (ipvsadm(8), "--ops"). */
  readonly ops?: boolean;
  /** Milliseconds over which the weight of a task grows that became healthy; 0: it has all of it at once. */
  readonly slowStart?: number;
  /** The fraction of running tasks (0..1) that may be unhealthy before traffic goes to all of them; 1: never. */
  readonly panicThreshold?: number;
  /** If fewer tasks are healthy, running unhealthy tasks fill up to this number; 0: never. */
  readonly minHealthy?: number;
}

/** Limits, the same wherever a setting is written. Times are in milliseconds, except for the affinity's seconds. */
export const BALANCING_LIMITS = {
  affinity: 86_400,
  connections: 1_000_000,
  idleTimeout: 7 * 86_400_000,
  drainTimeout: 86_400_000,
  slowStart: 3_600_000,
  udpReplies: 65_535,
  minHealthy: 65_535,
} as const;

/** One setting as labels and files write it, as text. */
export interface BalancingSetting<T> {
  readonly field: keyof Balancing;
  /** For example `max_connections`; a label adds `fairlead.` in front. */
  readonly name: string;
  /** What the value must be. Completes a sentence after "must be". */
  readonly expected: string;
  /** All allowed values, if they are words. */
  readonly words?: readonly string[];
  /** @returns undefined if the text is not a valid value */
  readonly read: (text: string) => T | undefined;
}

type Reader<T> = Pick<BalancingSetting<T>, 'expected' | 'words' | 'read'>;

function oneOf<T extends string>(words: readonly T[]): Reader<T> {
  return {
    expected: `one of ${words.join(', ')}`,
    words,
    read: (text) => words.find((word) => word === text.toLowerCase()),
  };
}

function count(max: number, none: string): Reader<number> {
  const read = (text: string) => (/^\d{1,9}$/.test(text) && Number(text) <= max ? Number(text) : undefined);
  return { expected: `a whole number from 0 to ${max} (0: ${none})`, read };
}

/** @param unit milliseconds per unit of the result */
function time(max: number, unit: 1 | 1000, none: string): Reader<number> {
  const read = (text: string) => {
    const value = Math.ceil((parseDuration(text) ?? Infinity) / unit);
    return value <= max ? value : undefined;
  };
  return {
    expected: `a duration of at most ${formatDuration(max * unit)}, ${durationForm} (0: ${none})`,
    read,
  };
}

const share: Reader<number> = {
  expected: 'a share from 0 to 1, such as 0.3, or a percentage, such as 30%',
  read: (text) => {
    const match = /^(\d{1,3}(?:\.\d{1,6})?)( ?%)?$/.exec(text);
    const value = match ? Number(match[1]) / (match[2] === undefined ? 1 : 100) : Infinity;
    return value <= 1 ? value : undefined;
  },
};

const boolean: Reader<boolean> = {
  expected: 'true or false',
  read: parseBoolean,
};

const limits = BALANCING_LIMITS;
const connections = count(limits.connections, 'no limit');

/** Every setting, by its field. */
export const balancingSettings: {
  readonly [Field in keyof Balancing]-?: BalancingSetting<NonNullable<Balancing[Field]>>;
} = {
  scheduler: { field: 'scheduler', name: 'scheduler', ...oneOf(SCHEDULERS) },
  affinity: { field: 'affinity', name: 'affinity', ...time(limits.affinity, 1000, 'none') },
  maxConnections: { field: 'maxConnections', name: 'max_connections', ...connections },
  serviceMaxConnections: { field: 'serviceMaxConnections', name: 'service_max_connections', ...connections },
  maxPerClient: { field: 'maxPerClient', name: 'max_per_client', ...connections },
  proxyProtocol: { field: 'proxyProtocol', name: 'proxy_protocol', ...oneOf(['v1', 'v2', 'none']) },
  acceptProxy: { field: 'acceptProxy', name: 'accept_proxy', ...boolean },
  onDown: { field: 'onDown', name: 'on_down', ...oneOf(['keep', 'reset']) },
  idleTimeout: { field: 'idleTimeout', name: 'idle_timeout', ...time(limits.idleTimeout, 1, 'never') },
  drainTimeout: { field: 'drainTimeout', name: 'drain_timeout', ...time(limits.drainTimeout, 1, 'no limit') },
  udpReplies: { field: 'udpReplies', name: 'udp_replies', ...count(limits.udpReplies, 'by time only') },
  ops: { field: 'ops', name: 'ops', ...boolean },
  slowStart: { field: 'slowStart', name: 'slow_start', ...time(limits.slowStart, 1, 'none') },
  panicThreshold: { field: 'panicThreshold', name: 'panic_threshold', ...share },
  minHealthy: { field: 'minHealthy', name: 'min_healthy', ...count(limits.minHealthy, 'never') },
};

/** All settings, in the order in which they are documented. */
export const allBalancingSettings: readonly BalancingSetting<unknown>[] = Object.values(balancingSettings);

/**
 * Reads settings from texts and leaves out invalid ones.
 * @param textOf the text written for the setting of this name; undefined if there is none
 * @param refuse called with each text that is not a valid value of its setting
 */
export function readBalancing(
  textOf: (name: string) => string | undefined,
  refuse: (setting: BalancingSetting<unknown>, text: string) => void,
  settings: readonly BalancingSetting<unknown>[] = allBalancingSettings,
): Balancing {
  const values: [keyof Balancing, unknown][] = [];
  for (const setting of settings) {
    const text = textOf(setting.name);
    if (text === undefined) continue;
    const value = setting.read(text.trim());
    if (value === undefined) refuse(setting, text);
    else values.push([setting.field, value]);
  }
  // Each value has its field's type because the table above is typed by field.
  return Object.fromEntries(values);
}
