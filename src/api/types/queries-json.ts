import type { Timestamp } from './references.js';

/** A DNS query and its reply, as people see it. */
export interface QuerySeenJson {
  /** When it was answered. */
  readonly at: Timestamp;
  /** The client's address; absent: `dns.privacy` hides it. */
  readonly client?: string;
  /** The name of the task that asked. */
  readonly task?: string;
  /** The service of that task: `web.shop`. */
  readonly service?: string;
  readonly transport: 'udp' | 'tcp';
  /** As in a zone file; absent: it could not be read, or `dns.privacy` hides it. */
  readonly name?: string;
  readonly type?: string;
  readonly rcode: string;
  /** The data of the first records of the answer. */
  readonly answers: readonly string[];
  /** Who answered. */
  readonly by: 'own' | 'cache' | 'upstream';
  /** The server that was asked, or whose answer was cached. */
  readonly upstream?: string;
  /** Microseconds from the query to the reply. */
  readonly us: number;
  /** How many queries it stands for. */
  readonly oneOf: number;
}

/** What a query can be chosen by: one of the texts of each list fits; `*` in a text stands for anything. */
export interface QueryMatchJson {
  /** A task, a service (`web`, `web.shop`) or an address. */
  readonly client?: readonly string[];
  readonly name?: readonly string[];
  readonly type?: readonly string[];
  readonly rcode?: readonly string[];
  readonly by?: readonly string[];
}
