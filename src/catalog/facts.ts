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
 * What a source says. Facts flow in through a {@link FactSink}; a source never sees the catalog.
 * The sink adds the source's name to everything, so facts do not carry it.
 */
export type TaskFact = Omit<Task, 'source' | 'healthySince' | 'refused'>;
export type NetworkFact = Omit<Network, 'source'>;
export type ClientFact = Omit<Client, 'source'>;

/** A service that a source defines on its own, tasks or not. A service that only its tasks name needs no fact. */
export interface ServiceFact extends ServiceRef {
  readonly kind: ServiceKind;
  readonly ports?: readonly Port[];
  readonly endpointMode?: EndpointMode;
  /** The virtual IP that it asks for: the one it gets, where no addresses are leased. */
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

/** All that a source has now. */
export interface Facts {
  readonly tasks: readonly TaskFact[];
  readonly services?: readonly ServiceFact[];
  readonly networks?: readonly NetworkFact[];
  readonly clients?: readonly ClientFact[];
  readonly problems?: readonly Problem[];
}

/** Single changes; what is not named stays as it was. What is both removed and given is given. */
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
  /** Services that the source no longer defines. One that tasks name stays, as its tasks describe it. */
  readonly removedServices?: readonly ServiceKey[];
  /** Added or replaced, by address. */
  readonly clients?: readonly ClientFact[];
  /** Addresses. */
  readonly removedClients?: readonly string[];
  /** Replaces all problems of the source. */
  readonly problems?: readonly Problem[];
  /** Why, for the event trail: `kill signal 15`. */
  readonly cause?: string;
}

/** Where a source puts its facts. Calls take effect in their order, before they return or soon after; none throws for what the facts say. */
export interface FactSink {
  /** Level-triggered: afterwards the source has this and nothing else. Doubled calls are harmless. */
  replace(facts: Facts, cause?: string): void;
  /** Edge-triggered: the same end state as a {@link replace} with the change in it. */
  update(delta: FactDelta): void;
  /** How current the facts are. */
  status(status: Omit<SourceStatus, 'name' | 'isRemote'>): void;
  /** Whether facts of an earlier process are served until the source speaks. */
  readonly isRestored?: boolean;
}

/** A source of facts: docker, file, and those to come. */
export interface Source {
  readonly name: string;
  /** Attempts to read what it reads that failed, since it was made; a connection that was lost is one. */
  readonly failures: number;
  /**
   * Begins to tell. Resolves when the first attempt is over, whether it brought facts or not: a source that is away is
   * no reason not to start. It goes on trying until it is stopped.
   */
  start(sink: FactSink): Promise<void>;
  /** Resolves when nothing more will be told and every socket, timer and watch is closed. */
  stop(): Promise<void>;
}
