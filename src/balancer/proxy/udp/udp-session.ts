import type { FlowKey } from './udp-flow-key.js';
import type { DnsQueries } from './udp-dns-match.js';
import type { Backend } from '../../flows/backend.js';
import type { UdpUpstream } from './udp-upstream.js';

/** The socket that a session has to its task. */
export type SessionSocket = UdpUpstream<UdpSession>;

/** What comes from one client address and port to one virtual service, and what goes back. */
export class UdpSession {
  readonly key: FlowKey;
  readonly address: string;
  readonly port: number;
  /** The socket to its task; absent after the task refused, until the next datagram picks another. */
  upstream: SessionSocket | undefined;
  /** Its sockets to other tasks, where each datagram is scheduled by itself. */
  others: Map<Backend, SessionSocket> | undefined;
  /** Tasks that refused; the next pick leaves them out. */
  refusedBy: Set<string> | undefined;
  /** The first datagram, kept while it may be sent to another task; reply-count mode only. */
  first: Buffer | undefined;
  /** What replies must match; reply-count mode, when the client speaks DNS. */
  queries: DnsQueries | undefined;
  /** Goes before each datagram to the task (PROXY protocol). */
  header: Buffer | undefined;
  requests = 0;
  replies = 0;
  /** Datagrams sent since the last reply. */
  unanswered = 0;

  /** Kept by the session table: when something moved, whether a task ever answered, and the neighbours by age. */
  usedAt: number;
  replied = false;
  older: UdpSession | undefined;
  newer: UdpSession | undefined;

  constructor(key: FlowKey, address: string, port: number, now: number) {
    this.key = key;
    this.address = address;
    this.port = port;
    this.usedAt = now;
  }
}
