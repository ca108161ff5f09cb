import type { HostPort } from '../../net/ip.js';
import type { PassiveSignal, VirtualService, VirtualServiceCounters } from '../plane.js';
import type { Backend } from '../flows/backend.js';
import type { FlowBudget } from '../flows/flow-budget.js';
import type { ClientTable } from '../flows/client-table.js';
import type { CreateScheduler } from '../flows/make-scheduler.js';
import type { Log } from '../../net/log.js';

/** The kernel's own limit applies (net.core.somaxconn). */
export const BACKLOG = 65_535;
/**
 * Under a flood the queue is never empty. After this time a listener that still accepts queued connections closes all
 * the same.
 */
export const MAX_ACCEPT_MS = 2000;

/** A running virtual service: a socket on its VIP and port, and the flows through it. */
export interface Frontend {
  /** Where it listens, with the actual port if port 0 was requested. */
  readonly address: HostPort;
  /**
   * Applies new settings of the service. VIP, port and protocol cannot change. Flows to remaining backends are not
   * harmed. Never throws.
   * @returns resolves when no new flow uses the old settings
   */
  update(service: VirtualService): void | Promise<void>;
  counters(): VirtualServiceCounters | Promise<VirtualServiceCounters>;
  /** As counted a few seconds ago. */
  lately(): VirtualServiceCounters;
  /**
   * Accepts no new flows. Resolves when the address is free for another listener. Undefined if open flows need the
   * socket (UDP); the address is then free when they have ended.
   */
  stopListening?(): Promise<void>;
  /**
   * Accepts no new flows. Resolves when the open ones have ended; the service's drain time limits the wait.
   * @param idle for flows without an end of their own (UDP): milliseconds of silence after which they count as ended,
   * unless their timeout is shorter
   */
  drain(idle?: number): Promise<void>;
  /** New flows are those of another process from now on, which has a socket at the same address. Absent: stopping to listen is enough. */
  leaveToSuccessor?(): void;
  /** Ends every flow and closes the socket, at once. */
  close(): Promise<void>;
}

/** A frontend whose flows are all carried by this thread. */
export interface LocalFrontend extends Frontend {
  update(service: VirtualService): void;
  counters(): VirtualServiceCounters;
}

/** What a frontend needs from its plane. */
export interface FrontendContext {
  readonly createScheduler: CreateScheduler;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly onSignal: (signal: PassiveSignal) => void;
  /** A connection to a task failed because this host has no port left for it. */
  readonly onPortless?: (backend: Backend) => void;
  /** The flows and file descriptors of all frontends of the plane together. */
  readonly limits: FlowBudget;
  /** Whether TCP listens on any free port of the VIP, because the kernel redirects connections there. */
  readonly anyPort?: () => boolean;
  /** Whether a predecessor of this process still listens at the addresses. */
  readonly shares?: () => boolean;
  /** Whose connections are taken; absent: everyone's. */
  readonly clients?: () => ClientTable | undefined;
  /** Writes one line for the operator. */
  readonly log: Pick<Log, 'warn'>;
}

/**
 * Creates a frontend.
 * @throws the socket's error, with its `code`, when it cannot listen
 */
export type Listen = (service: VirtualService, context: FrontendContext) => Promise<Frontend>;
