import type { Protocol } from '../catalog/model.js';
import type { HostPort } from '../net/ip.js';
import type { SchedulerName } from '../net/balancing.js';

/** A task that a virtual service may send flows to. */
export interface Backend {
  /** The task's id. */
  readonly id: string;
  /** The task's name, for operators. */
  readonly name: string;
  readonly address: HostPort;
  /** 0..65535, slow start included. */
  readonly weight: number;
  /** At most this many open connections or sessions; absent: no limit. */
  readonly maxConnections?: number;
  /** `draining` and weight 0 take no new flow; what is open goes on until it ends or `drain` is over. */
  readonly state: 'active' | 'draining';
}

export interface Affinity {
  /** Seconds after its last flow that a client address is remembered. */
  readonly timeout: number;
}

/** One port of one virtual IP: IPVS's "virtual service". */
export interface VirtualService {
  /** `environment/stack/service[/sidekick]`. */
  readonly service: string;
  readonly vip: string;
  readonly port: number;
  readonly protocol: Extract<Protocol, 'tcp' | 'udp'>;
  readonly scheduler: SchedulerName;
  readonly affinity?: Affinity;
  readonly backends: readonly Backend[];
  /** Open connections or sessions of the whole service; absent: no limit. */
  readonly maxConnections?: number;
  /** Open connections or sessions of one client address; absent: no limit. */
  readonly maxPerClient?: number;
  /** A header for the task that tells the client's address (haproxy.org, "The PROXY protocol"). */
  readonly proxyProtocol?: 'v1' | 'v2';
  /** Clients begin with a PROXY header, of either version. */
  readonly acceptProxy?: boolean;
  /** What becomes of open connections when their task is gone or its health failed; `keep` by default. */
  readonly onDown?: 'keep' | 'reset';
  /** Milliseconds, each with the plane's default. */
  readonly timeouts?: Partial<FlowTimeouts>;
  /** UDP: a session ends after this many replies (1 for DNS); absent: by time only. */
  readonly replies?: number;
}

/** Milliseconds; 0: never. */
export interface FlowTimeouts {
  /** For one attempt to connect to one task. */
  readonly connect: number;
  /** A connection on which nothing moves; never by default. */
  readonly idle: number;
  /** A connection of which one side has finished sending, and nothing moves; never by default. */
  readonly halfClosed: number;
  /** UDP session without a reply yet. */
  readonly udpUnreplied: number;
  /** UDP session with replies. */
  readonly udp: number;
  /** How long open connections of a draining task, or of a plane that drains, may go on; then they are reset. */
  readonly drain: number;
}

/** What went wrong with one address; everything else was applied. One line, with what to do. */
export interface PlaneProblem {
  readonly vip: string;
  readonly port: number;
  readonly protocol: 'tcp' | 'udp';
  readonly message: string;
}

export interface BackendCounters {
  readonly id: string;
  readonly name: string;
  readonly address: HostPort;
  readonly weight: number;
  readonly state: Backend['state'];
  readonly active: number;
  /** Flows since the backend came. */
  readonly total: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Attempts that were refused or timed out, and connections reset by the task before its first octet. */
  readonly errors: number;
}

export interface VirtualServiceCounters {
  readonly service: string;
  readonly vip: string;
  readonly port: number;
  readonly protocol: 'tcp' | 'udp';
  readonly scheduler: SchedulerName;
  /** Where on the VIP it listens, when that is not `port`: somebody has to lead connections there. */
  readonly listenPort?: number;
  readonly active: number;
  /** Flows that a task was picked for: carried, or failed in trying. */
  readonly total: number;
  /** From clients. */
  readonly bytesIn: number;
  /** To clients. */
  readonly bytesOut: number;
  /** Flows turned away before a task was tried: nobody to serve them, a limit, no PROXY header, no file descriptor. Not part of `total`. */
  readonly refused: number;
  /** Flows that no attempt could carry; part of `total`. */
  readonly failed: number;
  /** Attempts on another task after one that failed. */
  readonly retried: number;
  readonly backends: readonly BackendCounters[];
}

/**
 * What carries the traffic of virtual IPs. Level-triggered: {@link apply} is told all there should be, and ends in the same
 * state as any run of single changes would.
 */
export interface DataPlane {
  /** Idempotent; calls are carried out one after the other. Open connections are never harmed by an apply that keeps their task. */
  apply(desired: readonly VirtualService[]): Promise<readonly PlaneProblem[]>;
  /**
   * What was carried so far. Totals never go down; of a thread that crashed they have what it had told before. Never rejects, and
   * does not wait long for who does not answer.
   */
  counters(): Promise<readonly VirtualServiceCounters[]>;
  /** Takes no new flow, and waits for open ones as long as their `drain` time; connections already queued are still served. */
  drain(): Promise<void>;
  /** Ends everything at once. */
  close(): Promise<void>;
}

/** What a data plane tells health checks: a sign of life or of failure of a task, seen in traffic (passive checks). */
export interface PassiveSignal {
  readonly backend: string;
  readonly address: HostPort;
  readonly ok: boolean;
  /** `connect refused`, `reset before first octet`, `connect timeout`. */
  readonly reason?: string;
}
