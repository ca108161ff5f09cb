import type { CatalogReader } from '../catalog/catalog.js';
import type { DrainMark, DrainTarget } from '../catalog/health-overlay.js';
import type { CheckCounts, CheckRow } from '../catalog/checks.js';
import type { Problem, SourceStatus, ServiceKey } from '../catalog/model.js';
import type { AdoptionJson, AdoptionStatusJson } from './types/adoption.js';
import type { ServiceRefJson, Undated } from './types/references.js';
import type { QuerySeenJson } from './types/queries-json.js';
import type { StatusJson } from './types/status-json.js';
import type { ExplainJson, ViewJson } from './types/query-json.js';
import type { VipJson, VipTaskJson } from './types/vips-json.js';
import type { ProgramJson, TemplateJson } from './types/templates-json.js';
import type { HistoryRead, HistoryWishes } from '../net/history-figures.js';
import type { ScopePlace } from './access/access-scope.js';
import type { Log } from '../net/log.js';
import type { VipStatus } from '../net/vip-figures.js';
import type { Timers } from '../runtime/timers.js';

export interface QueryResult {
  /** The response as the client would get it; absent if it would get none. */
  readonly message?: Uint8Array;
  /** Where the answer came from; `none` when nothing answered. */
  readonly source: 'own' | 'upstream' | 'none';
  /** A sentence that says what decided the answer. */
  readonly rule: string;
  readonly ms: number;
  readonly view: ViewJson;
}

/** The question is not valid. The message is one line for the caller and says what to do. */
export class QuestionError extends Error {
  override readonly name = 'QuestionError';
}

/** The API's view of the name server. `as` is a client's canonical address; absent: no particular client. */
export interface NameService {
  /**
   * @param type an IANA mnemonic in upper case, or `TYPEn`
   * @throws QuestionError when the name or the type is not valid
   */
  query(name: string, type: string, as?: string): Promise<QueryResult>;
  /** @throws QuestionError when the name or the type is not valid */
  explain(name: string, type: string, as?: string): Promise<ExplainJson>;
}

/** What the daemon says of itself. Times are milliseconds since the epoch. */
/** What stays the same until the configuration is read again. */
export interface DaemonIdentity extends Pick<StatusJson, 'version' | 'domain' | 'environment'> {
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
}

export interface DaemonStatus extends Pick<
  StatusJson,
  | 'version'
  | 'pid'
  | 'node'
  | 'domain'
  | 'environment'
  | 'host'
  | 'internalErrors'
  | 'capabilities'
  | 'dns'
  | 'eventLoop'
> {
  readonly startedAt: number;
  /** Attempts of sources that failed, by name. */
  readonly sourceFailures: Readonly<Record<string, number>>;
  /** When each source last reported a change of its own accord, by name. */
  readonly sourceEvents: Readonly<Record<string, number>>;
  /** How current each registry is that this host's tasks are published to. */
  readonly publishers: readonly (SourceStatus & { readonly failures: number })[];
  /** The last attempt to restart that came to nothing. */
  readonly restart?: Undated<NonNullable<StatusJson['restart']>, 'at'>;
  readonly state: Undated<StatusJson['state'], 'writtenAt'>;
  readonly config: Undated<Omit<StatusJson['config'], 'reload'>, 'loadedAt'> & {
    readonly reload?: Undated<NonNullable<StatusJson['config']['reload']>, 'at'>;
  };
}

/** The API's view of the daemon. */
export interface DaemonInfo {
  /** Costs nothing, unlike `status`: it may be asked at each change. */
  identity(): DaemonIdentity;
  status(): DaemonStatus;
  /** Makes the daemon read its configuration again soon; `config.reload` of the status has the outcome. */
  requestReload(): void;
  /** Has a successor started that takes over: then another process answers, or `restart` of the status says why not. */
  requestRestart(): void;
  /** What is wrong with the daemon itself. */
  problems(): readonly Problem[];
  /** Queries every DNS listener as a client would. @returns a line for each that does not answer */
  unanswered(): Promise<readonly string[]>;
}

/** What the API sees of checks and drains. Tasks are named by their whole ids. Nothing here throws. */
export interface HealthPort {
  /** Every task that has a check. */
  rows(): Iterable<CheckRow>;
  counts(): CheckCounts;
  /**
   * Records a task's report about itself.
   * @param note the task's explanation; '' if there is none
   * @returns `no-task`: the task does not exist or has no check; `not-ttl`: its check probes the task instead
   */
  beat(task: string, ok: boolean, note: string): 'taken' | 'no-task' | 'not-ttl';
  /** Probes a task at once. @returns whether there is anything to probe */
  checkNow(task: string): boolean;
  /** Sets or replaces a drain. @returns whether the task or service exists */
  drain(target: DrainTarget, options: { readonly until?: number; readonly note?: string }): boolean;
  /** @returns whether the drain existed */
  undrain(target: DrainTarget): boolean;
  /**
   * Resolves when the active drains are on disk.
   * @throws Error with one line: the drains are active, but a restart would forget them
   */
  drainsSaved(): Promise<void>;
  drains(): readonly DrainMark[];
}

/** Resource use of a process. */
export interface ProcessFigures {
  /** User and system CPU time of all threads. */
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  /** Start time, milliseconds since the epoch. */
  readonly startedAt: number;
  /** Open file descriptors, and their limit; absent if the system does not report them. */
  readonly openFds?: number;
  readonly maxFds?: number;
}

/** The API's view of its own process. Never rejects. */
export interface ProcessPort {
  figures(): Promise<ProcessFigures>;
}

/** The API's view of virtual IPs. */
export interface VipPort {
  status(): VipStatus;
  /** Addresses that cannot be served. */
  problems(): readonly Problem[];
  /** One for each port of each virtual IP. */
  services(): Promise<Iterable<VirtualServiceInfo>>;
}

/** One port of one virtual IP, with what it has carried; see {@link VipJson}. */
export interface VirtualServiceInfo extends Omit<VipJson, keyof ServiceRefJson | 'key' | 'name' | 'tasks'> {
  readonly service: ServiceKey;
  readonly tasks: readonly VirtualTaskInfo[];
}

/** A task behind a virtual IP; see {@link VipTaskJson}. */
export type VirtualTaskInfo = Omit<VipTaskJson, 'id'> & { readonly task: string };

/** The API's view of adoption: which containers ask Fairlead instead of Docker's resolver. */
export interface AdoptionPort {
  /** The running containers with a known resolv.conf, by stack and name. */
  containers(): readonly AdoptionJson[];
  status(): AdoptionStatusJson;
  /**
   * Applies an operator's choice, for a stack or for all.
   * @returns the containers concerned, in their new state
   */
  choose(choice: 'adopt' | 'release', stack: string | undefined): readonly AdoptionJson[];
}

/** The API's view of the files rendered from templates. */
export interface TemplatePort {
  list(): readonly TemplateJson[];
  /** The program that reads them, where there is one. */
  program(): ProgramJson | undefined;
}

/** A query that was answered; see {@link QuerySeenJson}. */
export type QuerySeen = Undated<Omit<QuerySeenJson, 'task' | 'service'>, 'at'>;

/** The API's view of the queries that are answered. */
export interface QueriesPort {
  /**
   * Looks at queries from now on; without a follower it costs nothing.
   * @param follower receives at once, and then several times a second, what was seen: one of `oneOf` queries is looked
   * at, and `missed` of those were too many at once
   * @returns ends it
   */
  follow(
    follower: (seen: {
      readonly oneOf: number;
      readonly missed: number;
      readonly queries: readonly QuerySeen[];
    }) => void,
  ): () => void;
}

/** The API's view of the figures of the past. */
export interface HistoryPort {
  read(wanted: HistoryWishes): HistoryRead;
}

/** Something that a client has done, or tried. */
export interface AuditEntry {
  /** `change`, `login`, or `refused`: a wrong token. */
  readonly type: 'change' | 'login' | 'refused';
  /** What it was done to, or who did it: a task's name, `web.shop`, `fairlead`. */
  readonly subject: string;
  /** In words, with who and from where. */
  readonly message: string;
  /** Where the subject is, if it is in a stack. */
  readonly place?: ScopePlace | undefined;
}

/** Everything that the API depends on. */
export interface ApiPorts {
  readonly catalog: CatalogReader;
  readonly names: NameService;
  readonly daemon: DaemonInfo;
  readonly health: HealthPort;
  readonly vips: VipPort;
  readonly adoption: AdoptionPort;
  readonly templates: TemplatePort;
  readonly queries: QueriesPort;
  readonly history: HistoryPort;
  /** Writes down who changed what. */
  readonly audit: (entry: AuditEntry) => void;
  readonly process: ProcessPort;
  readonly log: Log;
  readonly timers: Pick<Timers, 'after'>;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}
