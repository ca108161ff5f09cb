import type { FlowKey } from './udp-flow-key.js';
import type { DnsQueries } from './udp-dns-match.js';
import type { Backend } from '../../flows/backend.js';
import type { UdpUpstream } from './udp-upstream.js';

/** A session's socket to its task. */
export type SessionSocket = UdpUpstream<UdpSession>;

/** The traffic between one client address and port and one virtual service. */
export class UdpSession {
  readonly key: FlowKey;
  readonly address: string;
  readonly port: number;
  /** The socket to its task. Undefined after the task refused, until the next datagram picks another. */
  upstream: SessionSocket | undefined;
  /** Its sockets to other tasks, where each datagram is scheduled by itself. */
  others: Map<Backend, SessionSocket> | undefined;
  /** Tasks that refused; the next pick leaves them out. */
  refusedBy: Set<string> | undefined;
  /** The first datagram, kept while it may be sent to another task. Only when replies are counted. */
  first: Buffer | undefined;
  /** The queries that replies must match. Only when replies are counted and the client speaks DNS. */
  queries: DnsQueries | undefined;
  /** Goes in front of each datagram to the task (PROXY protocol). */
  header: Buffer | undefined;
  requests = 0;
  replies = 0;
  /** Datagrams sent since the last reply. */
  unanswered = 0;

  /**
   * Maintained by the session table: the time of the last traffic, whether a task ever answered, and the neighbours by
   * age.
   */
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
