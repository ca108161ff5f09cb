/**
 * How a virtual service chooses a task, in IPVS's words: a destination is one task as seen by one virtual service, a flow is
 * one new connection or one new UDP session.
 */

/** One destination. The data plane keeps `active` and `inactive` up to date in place; a scheduler only reads. */
export interface Destination {
  /** The task's id. */
  readonly id: string;
  readonly address: string;
  readonly port: number;
  /** 0..65535, slow start included; 0 takes no new flow (quiesced). */
  weight: number;
  /** Open connections, or sessions. */
  active: number;
  /** Connections that are closing. */
  inactive: number;
  /** Takes no new flow while it has this many; 0: no limit. */
  upper: number;
}

/** A new connection or session, canonical addresses. */
export interface Flow {
  readonly client: string;
  readonly clientPort: number;
  readonly vip: string;
  readonly vipPort: number;
}

/** One scheduler at work for one virtual service. It belongs to no other. */
export interface Scheduler {
  /** All destinations there are now, in a stable order. State about those that stay is kept. */
  update(destinations: readonly Destination[]): void;
  /**
   * The destination of a new flow; undefined when none may take one.
   * @param exclude destinations that were tried for this flow already
   */
  pick(flow: Flow, exclude?: ReadonlySet<string>): Destination | undefined;
  /** A flow of a client address to a destination has begun, or has ended; for those that remember clients. */
  opened?(client: string, destination: Destination): void;
  closed?(client: string, destination: Destination): void;
}
