export interface StreamLimits {
  /** Milliseconds between the keep-alive messages of an idle stream. */
  readonly heartbeatMs: number;
  /** A client with more pending bytes is dropped. */
  readonly backlogBytes: number;
  readonly maxStreams: number;
  /** How many clients `GET /v1/stream` may have. */
  readonly maxClients: number;
  /** How many clients may read the metrics at a time: Prometheus and a few people. */
  readonly maxScrapes: number;
  /** A client that reads nothing for this long, in milliseconds, while data waits for it, is dropped. */
  readonly stallMs: number;
  /** How long a WebSocket client may take to close the connection after the daemon's last message, in milliseconds. */
  readonly farewellMs: number;
}

export const STREAM_LIMITS: StreamLimits = {
  heartbeatMs: 15_000,
  backlogBytes: 1 << 20,
  maxStreams: 64,
  maxClients: 256,
  maxScrapes: 8,
  stallMs: 30_000,
  farewellMs: 1000,
};
