import type { Transport } from '../accept.js';

/** Who sent a packet: canonical address and port. */
export interface Client {
  readonly address: string;
  readonly port: number;
  readonly transport: Transport;
  /** Over TCP: how long the connection may be idle now, in ms; sent to a client that asks for it (RFC 7828). */
  readonly idleTime?: () => number;
  /** Whether the query log looks at the packet; absent: that is still to be drawn. */
  readonly sampled?: boolean | undefined;
}

/** What became of a packet. */
export interface Handled {
  /** Absent: silence. */
  readonly message?: Buffer;
  readonly source: 'own' | 'upstream';
}
