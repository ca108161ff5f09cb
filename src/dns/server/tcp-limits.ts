/** Limits of the TCP transport; times in ms (RFC 7766 section 6.2, RFC 9210 section 4). */
export interface TcpLimits {
  /** Time from the connection to the first byte. */
  readonly firstOctet: number;
  /** Time from the first byte of a message to the last. */
  readonly message: number;
  /**
   * Time without a message, or with a client that does not read. A tenth of it while three quarters of the connections
   * are in use.
   */
  readonly idle: number;
  readonly connections: number;
  readonly connectionsPerSource: number;
  /** Pending queries per connection. No more are read until one is answered. */
  readonly inFlight: number;
  /** Total queries per connection. */
  readonly queries: number;
  /** Bytes of replies that a client has not read. Above this limit no more of its queries are read. */
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
