import type { CatalogEvent, ChangeSet } from '../catalog/change.js';
import type { Snapshot } from '../catalog/snapshot.js';
import type { DnsCountersJson, ExplainJson, ForwardingJson, ViewJson } from './types.js';

/** What the API sees of the catalog. */
export interface CatalogReader {
  readonly snapshot: Snapshot;
  /** Called after each change. @returns a function that ends it */
  onChange(listener: (change: ChangeSet, snapshot: Snapshot) => void): () => void;
  /** The newest events, oldest first; with `afterSeq` only those that came later. */
  events(afterSeq?: number): readonly CatalogEvent[];
  onEvent(listener: (event: CatalogEvent) => void): () => void;
}

export type ViewInfo = ViewJson;
export type Explanation = ExplainJson;

export interface QueryResult {
  /** The response as it would have gone to the client; absent when it would get none. */
  readonly message?: Uint8Array;
  /** Where the answer came from; `none` when nothing answered. */
  readonly source: 'own' | 'upstream' | 'none';
  /** What decided the answer, in words. */
  readonly rule: string;
  readonly ms: number;
  readonly view: ViewInfo;
}

/** What was asked is no question: its one line of text goes to the caller, with what to do. */
export class QuestionError extends Error {
  override readonly name = 'QuestionError';
}

/** What the API sees of the name server. `as` is a client's canonical address; absent: nobody in particular. */
export interface NameService {
  /**
   * @param type an IANA mnemonic in upper case, or `TYPEn`
   * @throws QuestionError when name or type is none
   */
  query(name: string, type: string, as?: string): Promise<QueryResult>;
  /** @throws QuestionError when name or type is none */
  explain(name: string, type: string, as?: string): Explanation;
}

/** What the daemon says of itself. Times are milliseconds since the epoch. */
export interface DaemonStatus {
  readonly version: string;
  readonly pid: number;
  /** `process.versions.node`. */
  readonly node: string;
  readonly startedAt: number;
  readonly domain: string;
  readonly environment: string;
  readonly config: {
    /** Absent: no file, defaults. */
    readonly path?: string;
    readonly hash: string;
    readonly loadedAt: number;
    /** The last attempt to reload, if there was one. */
    readonly reload?: { readonly at: number; readonly ok: boolean; readonly error?: string };
  };
  readonly dns: {
    /** Bound addresses, `ip:port`. */
    readonly listen: readonly string[];
    /** Whether every configured address is bound. */
    readonly ready: boolean;
    /** `ip:port`, in the order they are tried. */
    readonly upstreams: readonly string[];
    readonly forwarding: ForwardingJson;
    readonly counters: DnsCountersJson;
  };
}

/** What the API sees of the daemon. */
export interface DaemonInfo {
  status(): DaemonStatus;
}

/** Where the API says what the operator of the daemon should know. */
export interface ApiLog {
  warn(message: string): void;
  error(message: string, error: unknown): void;
}

/** All that the API is given. */
export interface ApiPorts {
  readonly catalog: CatalogReader;
  readonly names: NameService;
  readonly daemon: DaemonInfo;
  readonly log: ApiLog;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}
