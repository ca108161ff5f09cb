import type { Transport } from '../accept.js';

/** The sender of a packet: canonical address and port. */
export interface Client {
  readonly address: string;
  readonly port: number;
  readonly transport: Transport;
  /** Over TCP: how long the connection may currently be idle, in ms. Sent to clients that ask for it (RFC 7828). */
  readonly idleTime?: () => number;
  /** Whether the query log samples the packet. Undefined if this is not decided yet. */
  readonly sampled?: boolean | undefined;
}

/** The result of handling a packet. */
export interface Handled {
  /** Undefined: no reply. */
  readonly message?: Buffer;
  readonly source: 'own' | 'upstream';
}
