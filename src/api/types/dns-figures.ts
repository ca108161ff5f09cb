/** Counters of the name server, as the API shows them; see `types.ts`. */

/** Counts since the start; the keys are names such as `A`, `NXDOMAIN`, `udp`. */
export type Counts = Readonly<Record<string, number>>;

export interface DnsCountersJson {
  /** By query type. */
  readonly queries: Counts;
  /** By response code. */
  readonly replies: Counts;
  /** Packets that got no reply, by reason. */
  readonly dropped: Counts;
  /** Received packets, by transport: `udp`, `tcp`. */
  readonly packets: Counts;
  /** Replies with TC set. */
  readonly truncated: number;
  /** Queries forwarded to an upstream. */
  readonly forwarded: number;
  /** Queries that had already passed through this daemon. */
  readonly loops: number;
  /** Queries with a DNS cookie (RFC 7873), by its state: `new`, `valid`, `invalid`. */
  readonly cookies: Counts;
  /** Replies that the rate limit truncated (TC). Replies that it withheld are in `dropped['rate-limit']`. */
  readonly slipped: number;
  /** Queries that were not forwarded because their client had too many pending. */
  readonly overloads: number;
  /** Internal errors answered with SERVFAIL. */
  readonly faults: number;
}

/** A histogram: the count for each bound; the last count is for values above all bounds. */
export interface HistogramJson {
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
}

/** How UDP is answered. */
export interface AnsweringJson {
  /** `native`: threads that receive and send many packets per system call; `dgram`: one packet at a time. */
  readonly backend: 'native' | 'dgram';
  /** Why it is not `native`. */
  readonly why?: string;
  /** Answering threads; 0 with `dgram`. */
  readonly threads: number;
  /** How often one of them ended unexpectedly and was restarted. */
  readonly restarts: number;
  /** Why this last happened; absent if it never did. */
  readonly lastError?: string;
  /** Queries answered from compiled answers: names of the domain, and the forward cache. */
  readonly own: number;
  readonly upstream: number;
  /** Queries that the threads passed to the main thread. */
  readonly misses: number;
  /** Replies that the kernel refused to send. */
  readonly sendErrors: number;
  /** Packets received together. */
  readonly batchSizes: HistogramJson;
  /** Microseconds from the arrival of a batch to its replies, counted per packet. */
  readonly times: HistogramJson;
}

/** Counters of the sockets. */
export interface TransportJson {
  /** Replies over UDP that the kernel refused to send, without those of the answering threads. */
  readonly udpSendErrors: number;
  /** Errors of UDP sockets that do not belong to a single reply. */
  readonly udpSocketErrors: number;
  /** Open TCP connections. */
  readonly tcpConnections: number;
  /** TCP connections closed because there were too many. */
  readonly tcpRefused: number;
}

/** How names are treated that have no meaning on the Internet. */
export interface ZonesJson {
  /** Zones that are denied here and never forwarded. */
  readonly denied: readonly string[];
  /** Suffixes in these zones that are forwarded anyway. */
  readonly opened: readonly string[];
}

/** A server to which names outside the domain are forwarded. */
export interface UpstreamJson {
  /** `ip:port`, or `tls://ip:port#name`. */
  readonly address: string;
  /** Whether it answered the last question. */
  readonly up: boolean;
  /** Failures since it last answered. */
  readonly failures: number;
  /** The last failure: `timeout`, `ECONNREFUSED`. */
  readonly lastError?: string;
  /** How long its answers took. */
  readonly times: TimesJson;
}

/** Times in milliseconds, as a histogram with their sum. */
export interface TimesJson extends HistogramJson {
  readonly sum: number;
}

/** Counters for names outside the domain. */
export interface ForwardingJson {
  /**
   * In the order in which they are tried, for each suffix. The suffix `.` stands for all other names and comes first.
   */
  readonly routes: readonly { readonly suffix: string; readonly upstreams: readonly UpstreamJson[] }[];
  /** Questions sent to upstreams. */
  readonly flights: number;
  /** Questions that joined an identical pending one. */
  readonly joined: number;
  /** Questions that no upstream answered. */
  readonly failures: number;
  /** Questions refused because too many were waiting. */
  readonly overloads: number;
  /** Answers withheld by rebinding protection. */
  readonly filtered: number;
  readonly cache: {
    readonly hits: number;
    readonly misses: number;
    /** Expired answers served because no upstream answered in time. */
    readonly stale: number;
    /** Answers refreshed before they expired. */
    readonly prefetches: number;
    /** Size in bytes. */
    readonly bytes: number;
  };
}
