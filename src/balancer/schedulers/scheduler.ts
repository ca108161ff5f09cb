/**
 * How a virtual service chooses a task, in IPVS's terms. A destination is one task as seen by one virtual service. A
 * flow is a new connection or a new UDP session.
 */

/** One destination. The data plane updates `active` and `inactive` in place; a scheduler only reads them. */
export interface Destination {
  /** The task's id. */
  readonly id: string;
  readonly address: string;
  readonly port: number;
  /** 0..65535, including slow start. A destination of weight 0 receives no new flow (quiesced). */
  weight: number;
  /** Open connections or sessions. */
  active: number;
  /** Connections that are closing. */
  inactive: number;
  /** It receives no new flow while it has this many; 0: no limit. */
  upper: number;
}

/** A new connection or session, with canonical addresses. */
export interface Flow {
  readonly client: string;
  readonly clientPort: number;
  readonly vip: string;
  readonly vipPort: number;
}

/** A scheduler for exactly one virtual service. */
export interface Scheduler {
  /** Sets all current destinations, in a stable order. Keeps the state about those that remain. */
  update(destinations: readonly Destination[]): void;
  /**
   * The destination of a new flow. Undefined when none is available.
   * @param exclude destinations that were already tried for this flow
   */
  pick(flow: Flow, exclude?: ReadonlySet<string>): Destination | undefined;
  /** A client address's flow to a destination has started or ended. For schedulers that remember clients. */
  opened?(client: string, destination: Destination): void;
  closed?(client: string, destination: Destination): void;
}
