/** What a data plane counts, and what the API shows of it. A connection means for UDP a session. */

export type PlaneName = 'proxy' | 'nftables' | 'ipvs' | 'ebpf';

/** What was carried. */
export interface CarriedFigures {
  /** Open connections. */
  readonly active: number;
  /** Connections that were given to a task, or tried on one. */
  readonly total: number;
  /** Bytes from clients. */
  readonly bytesIn: number;
  /** Bytes to clients. */
  readonly bytesOut: number;
}

/** What carries one port of a virtual IP; only where a plane has a choice. */
export interface VipCarrier {
  readonly plane: PlaneName;
  /** Whose connections the plane carries: `br-1 and the host`. All others are carried by the proxy. */
  readonly scope?: string;
  /** The bridges of clients who may use it and whose connections are the proxy's; `why` completes "because". */
  readonly left?: readonly { readonly bridge: string; readonly why: string }[];
  /** Why it is the proxy; completes "because". */
  readonly why?: string;
}

/** Of one port of a virtual IP, since it is served. */
export interface VipFigures extends CarriedFigures {
  /** Connections turned away: no task takes any, a limit, no PROXY header, no file descriptor. Not part of `total`. */
  readonly refused: number;
  /** Connections that no attempt could carry; part of `total`. */
  readonly failed: number;
  /** Attempts on another task after one that failed. */
  readonly retried: number;
}

/** Of one task behind it, since it came. */
export interface VipTaskFigures extends CarriedFigures {
  /** Attempts that were refused or timed out, and connections that the task reset before its first byte. */
  readonly errors: number;
}

/** The figures that the kernel does not have of the connections that it carries itself. */
type Untold = 'bytesIn' | 'bytesOut' | 'refused' | 'failed' | 'errors';

/** What is known: a figure that what carries the connections does not tell is absent, not 0. */
export type Told<T> = Omit<T, Untold> & Partial<Pick<T, Untold & keyof T>>;

/** Of a data plane as a whole. */
export interface PlaneFigures {
  /** Threads that carry TCP; 0: the plane has none, or none was needed yet. */
  readonly threads: number;
  /** How often one of them ended by itself and was started again; its connections ended with it. */
  readonly restarts: number;
  /** Why one of them did so the last time; absent: none did. */
  readonly lastError?: string;
  /** Open connections of all virtual IPs, those of ports that are no longer served included. */
  readonly flows: number;
  /** The most there may be; absent: as many as there are descriptors for. */
  readonly maxFlows?: number;
  /** File descriptors of listeners and connections. */
  readonly descriptors: number;
  /** The most that they may have; the daemon keeps the others for itself. */
  readonly maxDescriptors: number;
  /** Ports of which the kernel carries connections itself; only of a plane that has it do so. */
  readonly kernel?: {
    readonly services: number;
    /** Why it does not. */
    readonly why?: string;
    /** From bridges of clients to other bridges of tasks, as far as services want them; absent: none do. */
    readonly ways?: readonly VipWay[];
  };
}

/** From one bridge to another. */
export interface VipWay {
  readonly from: string;
  readonly to: string;
  /** The kernel carries its connections, and tasks see the address of the client or of the host. */
  readonly source?: 'client' | 'host';
  /** The proxy does; completes "because". */
  readonly why?: string;
}

/** Virtual IPs at a glance. */
export interface VipStatus {
  /** What carries them: a proxy in the daemon, the kernel, or nothing. */
  readonly plane: PlaneName | 'off';
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
  readonly carrier: PlaneFigures;
}
