import type { Balancing } from '../net/balancing.js';
import type {
  Client,
  EndpointMode,
  Network,
  Port,
  Problem,
  ServiceKey,
  ServiceKind,
  ServiceRef,
  SourceStatus,
  Task,
} from './model.js';

/**
 * What a source reports. Facts flow in through a {@link FactSink}; a source never sees the catalog. The sink adds the
 * source's name to everything, so facts do not contain it.
 */
export type TaskFact = Omit<Task, 'source' | 'healthySince' | 'refused'>;
export type NetworkFact = Omit<Network, 'source'>;
export type ClientFact = Omit<Client, 'source'>;

/**
 * A service that a source defines itself, with or without tasks. A service that only exists through its tasks needs no
 * fact.
 */
export interface ServiceFact extends ServiceRef {
  readonly kind: ServiceKind;
  readonly ports?: readonly Port[];
  readonly endpointMode?: EndpointMode;
  /** The virtual IP that the service requests. If no addresses are leased, it is the virtual IP. */
  readonly vip?: string;
  readonly balancing?: Balancing;
  /** Containers of other stacks cannot join it. */
  readonly sealed?: true;
  readonly externalIps?: readonly string[];
  readonly hostname?: string;
  readonly aliasOf?: readonly ServiceRef[];
  readonly links?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
}

/** Everything that a source currently has. */
export interface Facts {
  readonly tasks: readonly TaskFact[];
  readonly services?: readonly ServiceFact[];
  readonly networks?: readonly NetworkFact[];
  readonly clients?: readonly ClientFact[];
  readonly problems?: readonly Problem[];
}

/** Individual changes. Items not mentioned stay unchanged. An item that is both removed and given is given. */
export interface FactDelta {
  /** Added or replaced, by id. */
  readonly tasks?: readonly TaskFact[];
  /** Ids. */
  readonly removedTasks?: readonly string[];
  readonly networks?: readonly NetworkFact[];
  /** Ids. */
  readonly removedNetworks?: readonly string[];
  /** Added or replaced, by {@link serviceKey}. */
  readonly services?: readonly ServiceFact[];
  /** Services that the source no longer defines. If tasks still name a service, it stays, as its tasks describe it. */
  readonly removedServices?: readonly ServiceKey[];
  /** Added or replaced, by address. */
  readonly clients?: readonly ClientFact[];
  /** Addresses. */
  readonly removedClients?: readonly string[];
  /** Replaces all problems of the source. */
  readonly problems?: readonly Problem[];
  /** The reason, for the event trail: `kill signal 15`. */
  readonly cause?: string;
}

/**
 * Where a source puts its facts. Calls take effect in order, either before they return or soon after. None throws
 * because of the facts' content.
 */
export interface FactSink {
  /** Level-triggered: afterwards the source has exactly these facts. Repeated calls are harmless. */
  replace(facts: Facts, cause?: string): void;
  /** Edge-triggered: leads to the same state as a {@link replace} that includes the change. */
  update(delta: FactDelta): void;
  /** Reports how current the facts are. */
  status(status: Omit<SourceStatus, 'name' | 'isRemote'>): void;
  /** Takes all changes before it returns. */
  flush?(): void;
  /** Whether facts of an earlier process are served until the source reports. */
  readonly isRestored?: boolean;
}

/** A source of facts, such as docker or file. */
export interface Source {
  readonly name: string;
  /** Attempts to read what it reads that failed, since it was made; a connection that was lost is one. */
  readonly failures: number;
  /**
   * Starts reporting. Resolves after the first attempt, successful or not: an unreachable source must not block the
   * start. The source keeps trying until it is stopped.
   */
  start(sink: FactSink): Promise<void>;
  /** Resolves when the source will report nothing more and all its sockets, timers and watches are closed. */
  stop(): Promise<void>;
}
