import type { Protocol } from '../catalog/model.js';
import type { Vantage } from '../linux/bridge-crossing.js';
import type { HostPort } from '../net/ip.js';
import type { SchedulerName } from '../net/balancing.js';
import type { Log } from '../net/log.js';
import type { TimesMs } from '../runtime/time-histogram.js';
import type {
  PlaneFigures,
  PlaneName,
  Told,
  VipCarrier,
  VipFigures,
  VipTaskFigures,
} from '../net/vip-figures.js';
import type { PlaneHost } from './plane-host.js';

/**
 * Finds a container on each of some networks, from and to which connections can be tried.
 * @param networks ids
 * @returns by network id
 */
export type VantageFinder = (networks: ReadonlySet<string>, family: 4 | 6) => ReadonlyMap<string, Vantage>;

/** A task to which a virtual service may send flows. */
export interface DesiredBackend {
  /** The task's id. */
  readonly id: string;
  /** The task's name, for operators. */
  readonly name: string;
  readonly address: HostPort;
  /** 0..65535, including slow start. */
  readonly weight: number;
  /** The fraction of its weight during slow start, 0 to 1. Undefined: full weight. For operators. */
  readonly slowStart?: number;
  /** The most open connections or sessions. Undefined: no limit. */
  readonly maxConnections?: number;
  /**
   * A `draining` backend, or one of weight 0, receives no new flow. Open flows continue until they end or the `drain`
   * time is over.
   */
  readonly state: 'active' | 'draining';
  /** Milliseconds that its open flows may go on at least when it drains; absent: as long as those of the service. */
  readonly drain?: number;
}

export interface Affinity {
  /** Seconds after its last flow during which a client address is remembered. */
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
  readonly backends: readonly DesiredBackend[];
  /** Undefined: connections from everyone are accepted. */
  readonly clients?: ClientRule;
  /** Open connections or sessions of the whole service. Undefined: no limit. */
  readonly maxConnections?: number;
  /** Open connections or sessions per client address. Undefined: no limit. */
  readonly maxPerClient?: number;
  /** The version of the header that tells the task the client's address (haproxy.org, "The PROXY protocol"). */
  readonly proxyProtocol?: 'v1' | 'v2';
  /** Clients begin connections with a PROXY header of either version. */
  readonly acceptProxy?: boolean;
  /** What happens to open connections when their task is removed or becomes unhealthy; `keep` by default. */
  readonly onDown?: 'keep' | 'reset';
  /** Milliseconds. The plane has a default for each. */
  readonly timeouts?: Partial<FlowTimeouts>;
  /** UDP: a session ends after this many replies (1 for DNS). Undefined: only by timeout. */
  readonly replies?: number;
  /** UDP: a task is chosen for each datagram (ipvsadm(8), "--ops"); absent: for each client address and port. */
  readonly ops?: true;
}

/** Whose connections a virtual service accepts, besides the host's own. */
export interface ClientRule {
  /** Accept every client on one of the host's networks. */
  readonly everyone: boolean;
  /** Accept clients on any of these networks; ids. */
  readonly networks: readonly string[];
  /** Accept clients that reach the host through their bridge, because the host offers the port too. */
  readonly hostPort: boolean;
}

/** The clients' locations, as far as {@link ClientRule} needs them. */
export interface ClientNetworks {
  readonly networks: readonly ClientNetwork[];
  /** Clients on several networks, or on others than their address suggests, with the ids of all their networks. */
  readonly addresses: readonly (readonly [address: string, networks: readonly string[]])[];
  /** Addresses and CIDRs of the host itself. */
  readonly host: readonly string[];
  /** CIDRs beyond the host that are allowed all the same. */
  readonly external: readonly string[];
}

export interface ClientNetwork {
  readonly id: string;
  readonly subnets: readonly string[];
  /** The host's interface on which packets of the network's clients arrive. Undefined if unknown. */
  readonly bridge?: string;
  /** Whether its clients can reach the host. */
  readonly hasHost: boolean;
  /** Its clients cannot reach its tasks through the host: the host has no address there, or drops what they send. */
  readonly separate?: true;
}

/** Milliseconds; 0: no limit. */
export interface FlowTimeouts {
  /** Limits one attempt to connect to one task. */
  readonly connect: number;
  /** For a connection without traffic; no limit by default. */
  readonly idle: number;
  /** For a connection that one side has half-closed, without traffic; no limit by default. */
  readonly halfClosed: number;
  /** For a UDP session without a reply so far. */
  readonly udpUnreplied: number;
  /** For a UDP session with replies. */
  readonly udp: number;
  /**
   * How long open connections of a draining task, or of a plane that drains, may go on; then they are reset. A task
   * may have more ({@link DesiredBackend.drain}).
   */
  readonly drain: number;
}

/** Something that a data plane could not do. Everything else was applied. */
export interface PlaneProblem {
  /**
   * The address that is not served. Undefined if the problem concerns the whole plane, such as rules that the kernel
   * refuses.
   */
  readonly at?: Place;
  /** One line, with what to do. */
  readonly message: string;
  /** One line for all problems that have it, told once instead of each one's message. */
  readonly summary?: string;
}

/** The address of a virtual service. */
export type Place = Pick<VirtualService, 'vip' | 'port' | 'protocol'>;

export interface BackendCounters extends VipTaskFigures {
  readonly id: string;
  readonly name: string;
  readonly address: HostPort;
  readonly weight: number;
  readonly state: DesiredBackend['state'];
  /** TCP connections that are over, of which this host still holds the port (TIME_WAIT); absent: none. */
  readonly timeWait?: number;
  /** TCP connections that failed in the last minute because this host had no port left for them; absent: none. */
  readonly portless?: number;
}

export interface VirtualServiceCounters extends VipFigures {
  readonly service: string;
  readonly vip: string;
  readonly port: number;
  readonly protocol: 'tcp' | 'udp';
  readonly scheduler: SchedulerName;
  readonly backends: readonly BackendCounters[];
  /** TCP: how long connections to tasks took to be established; absent: none was. */
  readonly connects?: TimesMs;
}

/** What a plane tells of a virtual service. */
export interface ToldService extends Omit<Told<VirtualServiceCounters>, 'backends'> {
  readonly backends: readonly Told<BackendCounters>[];
  /** Absent: the plane carries all alike. */
  readonly carrier?: VipCarrier;
}

/** Capabilities that not every data plane has. The conformance suite skips tests whose feature is missing. */
export type Feature =
  /** {@link VirtualService.affinity} */
  | 'affinity'
  /** Connection limits per service, task and client. */
  | 'limits'
  /** PROXY headers, read and written. */
  | 'proxy-protocol'
  /** Tries another task when the first one fails. */
  | 'retry'
  /** {@link VirtualService.onDown} `reset` */
  | 'reset'
  /** When the plane drains, connections queued in the kernel are still served. */
  | 'queued'
  /** {@link VirtualService.replies} */
  | 'replies'
  /** {@link VirtualService.ops} */
  | 'ops'
  /** Counts bytes, what was refused and what failed, and times connections to tasks. */
  | 'figures'
  /** The plane's end is that of open connections: {@link DataPlane.drain} waits for them, `close` resets them. */
  | 'ends';

/**
 * A kind of data plane. `proxy` carries every byte in this process and supports every scheduler. The others program the
 * kernel.
 */
export interface PlaneSpec {
  readonly name: PlaneName;
  /**
   * Checks whether the plane would work on this host. Changes nothing and never rejects.
   * @param pool CIDR of the virtual IPs
   * @returns `why` is one line, with what to do
   */
  preflight(host: PlaneHost, pool: string): Promise<'ok' | { readonly why: string }>;
  open(context: PlaneContext): DataPlane;
}

/** What a data plane needs from its owner. */
export interface PlaneContext {
  readonly host: PlaneHost;
  /** Receives signs of life and of failure of tasks. */
  readonly onSignal: (signal: PassiveSignal) => void;
  /** Another program has taken away what {@link DataPlane.repair} puts back. */
  readonly onTampered?: () => void;
  /** Without it, no way between bridges is tried. */
  readonly vantages?: VantageFinder;
  readonly log: Log;
}

/**
 * Carries the traffic of virtual IPs. Level-triggered: {@link apply} receives the complete desired state and reaches
 * the same result as any sequence of single changes. Calls are processed one after the other.
 */
export interface DataPlane {
  readonly supports: {
    readonly schedulers: ReadonlySet<SchedulerName>;
    readonly features: ReadonlySet<Feature>;
  };
  /**
   * Makes a pool's addresses local to this host, and undoes this for the previous pool. Routes, rules and kernel
   * settings belong to the plane, and {@link close} removes them. Idempotent.
   * @param pool CIDR; undefined: there are no virtual IPs
   * @param inherits another daemon has redirected connections to these addresses so far; the first {@link apply} takes
   * over
   * @throws Error with one line, with what to do; the pool is then undone completely
   */
  use(pool: string | undefined, inherits?: boolean): Promise<void>;
  /**
   * Sets whose connections and datagrams are accepted from now on. Open connections continue. Packets of clients that
   * are neither on one of the networks nor `external` are dropped. Before the first call everyone is accepted.
   */
  admit(clients: ClientNetworks): Promise<void>;
  /** Idempotent. Never harms open connections whose task remains. */
  apply(desired: readonly VirtualService[]): Promise<readonly PlaneProblem[]>;
  /**
   * Restores routes and rules that another program removed.
   * @throws Error with one line, with what to do
   */
  repair(): Promise<void>;
  /**
   * What was carried so far. Totals never decrease. For a crashed thread they contain what it had reported. Never
   * rejects, and does not wait long for a thread that does not answer.
   */
  counters(): Promise<readonly ToldService[]>;
  /** What it holds now as a whole, and how its threads fare. */
  figures(): PlaneFigures;
  /** Where a limit of this host is near, or was reached, as counted within the last seconds. */
  shortages(): readonly PlaneProblem[];
  /** What the operator wants it to carry and it leaves to another plane; absent: it carries everything. */
  refusals?(): readonly PlaneProblem[];
  /**
   * A plane of another kind in this process takes over. Rules are that one's from now on. {@link drain} and
   * {@link close} with a successor follow, and this plane then restores the settings of the host that the other one
   * does not know of.
   * @returns resolves when this plane writes nothing any more
   */
  replaced?(): Promise<void>;
  /**
   * Takes no new flow, and waits for open ones as long as their `drain` time; connections already queued are still
   * served.
   * @param hasSuccessor another daemon takes new flows at the same addresses
   */
  drain(hasSuccessor?: boolean): Promise<void>;
  /**
   * Ends everything at once, and undoes {@link use}.
   * @param hasSuccessor another daemon has taken over the routes and rules, so they stay
   */
  close(hasSuccessor?: boolean): Promise<void>;
}

/**
 * A data plane's message to health checks: a sign of life or of failure of a task, observed in traffic (passive
 * checks).
 */
export interface PassiveSignal {
  readonly backend: string;
  readonly address: HostPort;
  readonly ok: boolean;
  /** `connect refused`, `reset before first byte`, `connect timeout`. */
  readonly reason?: string;
}
