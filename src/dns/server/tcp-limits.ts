/** Bounds of the TCP transport; times in ms (RFC 7766 section 6.2, RFC 9210 section 4). */
export interface TcpLimits {
  /** From connecting to the first byte. */
  readonly firstOctet: number;
  /** From the first byte of a message to its last. */
  readonly message: number;
  /** Without a message, or with a client that does not read. A tenth of it when three quarters of the connections are in use. */
  readonly idle: number;
  readonly connections: number;
  readonly connectionsPerSource: number;
  /** Queries of one connection under way; no more is read until one is answered. */
  readonly inFlight: number;
  /** Queries of one connection in all. */
  readonly queries: number;
  /** Bytes of replies that a client has not read: no more of its queries are read above it. */
  readonly backlog: number;
}

export const TCP_LIMITS: TcpLimits = {
  firstOctet: 3000,
  message: 5000,
  idle: 10_000,
  connections: 1000,
  connectionsPerSource: 32,
  inFlight: 64,
  queries: 10_000,
  backlog: 64 * 1024,
};
