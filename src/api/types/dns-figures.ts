/** What the name server counts, as the API shows it; see `types.ts`. */

/** How often each thing happened since the start; the keys are names such as `A`, `NXDOMAIN`, `udp`. */
export type Counts = Readonly<Record<string, number>>;

export interface DnsCountersJson {
  /** By query type. */
  readonly queries: Counts;
  /** By response code. */
  readonly replies: Counts;
  /** Packets left unanswered, by reason. */
  readonly dropped: Counts;
  /** Packets that came in, by transport: `udp`, `tcp`. */
  readonly packets: Counts;
  /** Replies with TC set. */
  readonly truncated: number;
  /** Queries that went to an upstream. */
  readonly forwarded: number;
  /** Queries that had come through this daemon before. */
  readonly loops: number;
  /** Queries with a DNS cookie (RFC 7873), by what it said: `new`, `valid`, `invalid`. */
  readonly cookies: Counts;
  /** Replies that the rate limit cut down to TC; those that it held back are `dropped['rate-limit']`. */
  readonly slipped: number;
  /** Queries that were not forwarded because their client had too many under way. */
  readonly overloads: number;
  /** Faults of Fairlead that became SERVFAIL. */
  readonly faults: number;
}

/** A histogram: how many were up to each bound; the last count is of those above all bounds. */
export interface HistogramJson {
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
}

/** How UDP is answered. */
export interface AnsweringJson {
  /** `native`: threads that receive and send many packets with one system call; `dgram`: one by one. */
  readonly backend: 'native' | 'dgram';
  /** Why it is not `native`. */
  readonly why?: string;
  /** Answering threads; 0 with `dgram`. */
  readonly threads: number;
  /** How often one of them ended by itself and was started again. */
  readonly restarts: number;
  /** Why one of them did so the last time; absent: none did. */
  readonly lastError?: string;
  /** Queries answered from compiled answers: of our own, and from the forward cache. */
  readonly own: number;
  readonly upstream: number;
  /** Queries that the threads handed on. */
  readonly misses: number;
  /** Replies that the kernel refused to send. */
  readonly sendErrors: number;
  /** Packets that came together. */
  readonly batchSizes: HistogramJson;
  /** Microseconds from the arrival of a batch to its replies, by packet. */
  readonly times: HistogramJson;
}

/** What the sockets themselves count. */
export interface TransportJson {
  /** Replies over UDP that the kernel refused to send, besides those of the answering threads. */
  readonly udpSendErrors: number;
  /** Errors of UDP sockets that concern no single reply. */
  readonly udpSocketErrors: number;
  /** TCP connections that are open now. */
  readonly tcpConnections: number;
  /** TCP connections that were closed because there were too many. */
  readonly tcpRefused: number;
}

/** What becomes of names that mean nothing on the Internet. */
export interface ZonesJson {
  /** Zones that are denied here, and never asked upstream. */
  readonly denied: readonly string[];
  /** What in them is asked upstream all the same. */
  readonly opened: readonly string[];
}

/** A server that names which are not ours are asked of. */
export interface UpstreamJson {
  /** `ip:port`, or `tls://ip:port#name`. */
  readonly address: string;
  /** Whether it answered when it was last asked. */
  readonly up: boolean;
  /** Times that it was given up since it last answered. */
  readonly failures: number;
  /** The last of them: `timeout`, `ECONNREFUSED`. */
  readonly lastError?: string;
}

/** What became of names that are not ours. */
export interface ForwardingJson {
  /** In the order they are tried, for each suffix; that of all other names is `.` and comes first. */
  readonly routes: readonly { readonly suffix: string; readonly upstreams: readonly UpstreamJson[] }[];
  /** Questions to upstreams. */
  readonly flights: number;
  /** Questions that joined one under way. */
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
    /** Answers past their time that were given because no upstream answered in time. */
    readonly stale: number;
    /** Answers that were fetched again before their time was over. */
    readonly prefetches: number;
    /** Bytes held. */
    readonly bytes: number;
  };
}
