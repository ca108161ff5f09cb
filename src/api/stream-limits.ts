export interface StreamLimits {
  /** Milliseconds between the signs of life of a stream on which nothing happens. */
  readonly heartbeatMs: number;
  /** A client for which more bytes wait is dropped. */
  readonly backlogBytes: number;
  readonly maxStreams: number;
  /** How many clients may read the metrics at a time: Prometheus and a few people. */
  readonly maxScrapes: number;
  /** A client that takes nothing for so long, in milliseconds, while it is being sent something is dropped. */
  readonly stallMs: number;
}

export const STREAM_LIMITS: StreamLimits = {
  heartbeatMs: 15_000,
  backlogBytes: 1 << 20,
  maxStreams: 64,
  maxScrapes: 8,
  stallMs: 30_000,
};
