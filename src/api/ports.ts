import type { CatalogReader } from '../catalog/catalog.js';
import type { DrainMark, DrainTarget } from '../catalog/health-overlay.js';
import type { CheckCounts, CheckRow } from '../catalog/checks.js';
import type { Problem, SourceStatus, ServiceKey } from '../catalog/model.js';
import type { AdoptionJson, AdoptionStatusJson } from './types/adoption.js';
import type { ServiceRefJson, Undated } from './types/references.js';
import type { StatusJson } from './types/status.js';
import type { ExplainJson, ViewJson } from './types/query.js';
import type { VipJson, VipTaskJson } from './types/vips.js';
import type { ProgramJson, TemplateJson } from './types/templates.js';
import type { Log } from '../net/log.js';
import type { VipStatus } from '../net/vip-figures.js';
import type { Timers } from '../runtime/timers.js';

export interface QueryResult {
  /** The response as it would have gone to the client; absent when it would get none. */
  readonly message?: Uint8Array;
  /** Where the answer came from; `none` when nothing answered. */
  readonly source: 'own' | 'upstream' | 'none';
  /** What decided the answer, in words. */
  readonly rule: string;
  readonly ms: number;
  readonly view: ViewJson;
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
  explain(name: string, type: string, as?: string): Promise<ExplainJson>;
}

/** What the daemon says of itself. Times are milliseconds since the epoch. */
export interface DaemonStatus extends Pick<
  StatusJson,
  'version' | 'pid' | 'node' | 'domain' | 'environment' | 'internalErrors' | 'dns'
> {
  readonly startedAt: number;
  /** Attempts of sources that failed, by name. */
  readonly sourceFailures: Readonly<Record<string, number>>;
  /** How current each registry is that this host's tasks are published to. */
  readonly publishers: readonly (SourceStatus & { readonly failures: number })[];
  /** The last attempt to restart that came to nothing. */
  readonly restart?: Undated<NonNullable<StatusJson['restart']>, 'at'>;
  readonly state: Undated<StatusJson['state'], 'writtenAt'>;
  readonly config: Undated<Omit<StatusJson['config'], 'reload'>, 'loadedAt'> & {
    readonly reload?: Undated<NonNullable<StatusJson['config']['reload']>, 'at'>;
  };
}

/** What the API sees of the daemon. */
export interface DaemonInfo {
  status(): DaemonStatus;
  /** Has the configuration read again soon; `config.reload` of the status has the outcome. */
  requestReload(): void;
  /** Has a successor started that takes over: then another process answers, or `restart` of the status says why not. */
  requestRestart(): void;
  /** What is wrong with the daemon itself. */
  problems(): readonly Problem[];
  /** Asks every DNS listener as a client would. @returns a line for each that does not answer */
  unanswered(): Promise<readonly string[]>;
}

/** What the API sees of checks and drains. Tasks are named by their whole ids. Nothing here throws. */
export interface HealthPort {
  /** Every task that has a check. */
  rows(): Iterable<CheckRow>;
  counts(): CheckCounts;
  /**
   * A task says how it is.
   * @param note what it says of it; '' when nothing
   * @returns `no-task`: no such task is checked; `not-ttl`: its check asks the task instead
   */
  beat(task: string, ok: boolean, note: string): 'taken' | 'no-task' | 'not-ttl';
  /** Probes a task without waiting for its turn. @returns whether there is anything to probe */
  checkNow(task: string): boolean;
  /** Sets or replaces a drain. @returns whether there is such a task or service */
  drain(target: DrainTarget, options: { readonly until?: number; readonly note?: string }): boolean;
  /** @returns whether there was such a drain */
  undrain(target: DrainTarget): boolean;
  /**
   * Resolves when the drains that are in force are on the disk.
   * @throws Error with one line: they are in force, but a restart would forget them
   */
  drainsSaved(): Promise<void>;
  drains(): readonly DrainMark[];
}

/** What a process costs. */
export interface ProcessFigures {
  /** User and system time of all threads. */
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  /** When it began, milliseconds since the epoch. */
  readonly startedAt: number;
  /** File descriptors, and how many there may be; absent: the system does not tell. */
  readonly openFds?: number;
  readonly maxFds?: number;
}

/** What the API sees of the process that it runs in. Never rejects. */
export interface ProcessPort {
  figures(): Promise<ProcessFigures>;
}

/** What the API sees of virtual IPs. */
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

/** What the API sees of adoption: which containers ask Fairlead instead of Docker's resolver. */
export interface AdoptionPort {
  /** Those that run and whose resolv.conf is known, by stack and name. */
  containers(): readonly AdoptionJson[];
  status(): AdoptionStatusJson;
  /**
   * What an operator chose, for a stack or for all.
   * @returns the containers that it is about, as they are afterwards
   */
  choose(choice: 'adopt' | 'release', stack: string | undefined): readonly AdoptionJson[];
}

/** What the API sees of the files that are rendered from templates. */
export interface TemplatePort {
  list(): readonly TemplateJson[];
  /** The program that reads them, where there is one. */
  program(): ProgramJson | undefined;
}

/** All that the API is given. */
export interface ApiPorts {
  readonly catalog: CatalogReader;
  readonly names: NameService;
  readonly daemon: DaemonInfo;
  readonly health: HealthPort;
  readonly vips: VipPort;
  readonly adoption: AdoptionPort;
  readonly templates: TemplatePort;
  readonly process: ProcessPort;
  readonly log: Log;
  readonly timers: Pick<Timers, 'after'>;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}
