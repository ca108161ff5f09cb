import type { Protocol } from '../catalog/model.js';
import type { HostPort } from '../net/ip.js';
import type { SchedulerName } from '../net/balancing.js';
import type { Log } from '../net/log.js';
import type { PlaneFigures, PlaneName, VipFigures, VipTaskFigures } from '../net/vip-figures.js';
import type { PlaneHost } from './plane-host.js';

/** A task that a virtual service may send flows to. */
export interface DesiredBackend {
  /** The task's id. */
  readonly id: string;
  /** The task's name, for operators. */
  readonly name: string;
  readonly address: HostPort;
  /** 0..65535, slow start included. */
  readonly weight: number;
  /** The share of its weight that a slow start gives it now, 0 to 1; absent: all of it. For operators. */
  readonly slowStart?: number;
  /** At most this many open connections or sessions; absent: no limit. */
  readonly maxConnections?: number;
  /** `draining` and weight 0 take no new flow; what is open goes on until it ends or `drain` is over. */
  readonly state: 'active' | 'draining';
  /** Milliseconds that its open flows may go on at least when it drains; absent: as long as those of the service. */
  readonly drain?: number;
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
  readonly backends: readonly DesiredBackend[];
  /** Absent: everyone's connections are taken. */
  readonly clients?: ClientRule;
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
  /** UDP: a task is chosen for each datagram (ipvsadm(8), "--ops"); absent: for each client address and port. */
  readonly ops?: true;
}

/** Whose connections a virtual service takes, besides those of the host itself. */
export interface ClientRule {
  /** Everyone's on a network of the host. */
  readonly everyone: boolean;
  /** Those of clients on any of these networks; ids. */
  readonly networks: readonly string[];
  /** Those of clients that reach the host through their bridge: the host offers the port, too. */
  readonly hostPort: boolean;
}

/** Where clients are, as far as {@link ClientRule} needs it. */
export interface ClientNetworks {
  readonly networks: readonly ClientNetwork[];
  /** Clients on other networks than the one that their address is of, or on several; with the ids of all. */
  readonly addresses: readonly (readonly [address: string, networks: readonly string[]])[];
  /** What is the host itself; addresses and CIDRs. */
  readonly host: readonly string[];
  /** Beyond the host, and allowed all the same; CIDRs. */
  readonly external: readonly string[];
}

export interface ClientNetwork {
  readonly id: string;
  readonly subnets: readonly string[];
  /** The interface of the host that packets of its clients come in by; absent: not known. */
  readonly bridge?: string;
  /** Whether its clients reach the host. */
  readonly hasHost: boolean;
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
  /**
   * How long open connections of a draining task, or of a plane that drains, may go on; then they are reset. A task may have
   * more ({@link DesiredBackend.drain}).
   */
  readonly drain: number;
}

/** What a data plane could not do; everything else was applied. */
export interface PlaneProblem {
  /** The address that is not served; absent: it is about the plane as a whole, such as rules that the kernel refuses. */
  readonly at?: Place;
  /** One line, with what to do. */
  readonly message: string;
  /** One line for all problems that have it, told once instead of each one's message. */
  readonly summary?: string;
}

/** Where a virtual service is. */
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
}

/** Abilities that not every data plane has; a test of the conformance suite that needs one is skipped without it. */
export type Feature =
  /** {@link VirtualService.affinity} */
  | 'affinity'
  /** Limits of connections: of a service, of a task, of a client. */
  | 'limits'
  /** PROXY headers, read and written. */
  | 'proxy-protocol'
  /** Another task is tried when the first one fails. */
  | 'retry'
  /** {@link VirtualService.onDown} `reset` */
  | 'reset'
  /** Connections that the kernel has queued when the plane drains are served. */
  | 'queued'
  /** {@link VirtualService.replies} */
  | 'replies'
  /** {@link VirtualService.ops} */
  | 'ops';

/**
 * A kind of data plane. `proxy` carries every octet in this process and has every scheduler; the others program the kernel.
 */
export interface PlaneSpec {
  readonly name: PlaneName;
  /**
   * Whether it would work on this host. Changes nothing and never rejects.
   * @param pool CIDR of the virtual IPs
   * @returns `why` is one line, with what to do
   */
  preflight(host: PlaneHost, pool: string): Promise<'ok' | { readonly why: string }>;
  open(context: PlaneContext): DataPlane;
}

/** What a data plane is given. */
export interface PlaneContext {
  readonly host: PlaneHost;
  /** A sign of life or of failure of a task. */
  readonly onSignal: (signal: PassiveSignal) => void;
  /** Another program has taken away what {@link DataPlane.repair} puts back. */
  readonly onTampered?: () => void;
  readonly log: Log;
}

/**
 * What carries the traffic of virtual IPs. Level-triggered: {@link apply} receives all there should be, and ends in the same
 * state as any run of single changes would. Calls are carried out one after the other.
 */
export interface DataPlane {
  readonly supports: {
    readonly schedulers: ReadonlySet<SchedulerName>;
    readonly features: ReadonlySet<Feature>;
  };
  /**
   * Makes the addresses of a pool this host's; what was done for another pool is undone. Routes, rules and settings of the
   * kernel belong to the plane, and {@link close} takes them back. Idempotent.
   * @param pool CIDR; undefined: there are no virtual IPs
   * @param inherits another daemon has led connections to these addresses until now; the first {@link apply} takes over
   * @throws Error with one line, with what to do; then nothing of the pool is left
   */
  use(pool: string | undefined, inherits?: boolean): Promise<void>;
  /**
   * Whose connections and datagrams are taken from now on, by where they come from; open connections go on. Those of clients that are
   * neither on one of the networks nor `external` are dropped. Until the first call everyone's are taken.
   */
  admit(clients: ClientNetworks): Promise<void>;
  /** Idempotent. An apply never harms open connections whose task stays. */
  apply(desired: readonly VirtualService[]): Promise<readonly PlaneProblem[]>;
  /**
   * Puts back what somebody took away: routes, rules.
   * @throws Error with one line, with what to do
   */
  repair(): Promise<void>;
  /**
   * What was carried so far. Totals never go down; of a thread that crashed they hold what it had reported. Never rejects, and
   * does not wait long for a thread that does not answer.
   */
  counters(): Promise<readonly VirtualServiceCounters[]>;
  /** What it holds now as a whole, and how its threads fare. */
  figures(): PlaneFigures;
  /** Where a limit of this host is near, or was reached, as counted within the last seconds. */
  shortages(): readonly PlaneProblem[];
  /**
   * Takes no new flow, and waits for open ones as long as their `drain` time; connections already queued are still served.
   * @param hasSuccessor another daemon takes new flows at the same addresses
   */
  drain(hasSuccessor?: boolean): Promise<void>;
  /**
   * Ends everything at once, and gives back what {@link use} took.
   * @param hasSuccessor another daemon has taken that over: it stays
   */
  close(hasSuccessor?: boolean): Promise<void>;
}

/** What a data plane tells health checks: a sign of life or of failure of a task, seen in traffic (passive checks). */
export interface PassiveSignal {
  readonly backend: string;
  readonly address: HostPort;
  readonly ok: boolean;
  /** `connect refused`, `reset before first octet`, `connect timeout`. */
  readonly reason?: string;
}
