import type { HostPort } from '../../net/ip.js';
import type { PassiveSignal, VirtualService, VirtualServiceCounters } from '../plane.js';
import type { Backend } from '../flows/backend.js';
import type { FlowBudget } from '../flows/flow-budget.js';
import type { ClientTable } from '../flows/client-table.js';
import type { CreateScheduler } from '../flows/make-scheduler.js';
import type { Log } from '../../net/log.js';

/** As long as the kernel allows (net.core.somaxconn). */
export const BACKLOG = 65_535;
/** Under a flood the queue is never empty: then a listener that is to accept what is queued closes all the same. */
export const MAX_ACCEPT_MS = 2000;

/** One virtual service at work: a socket on its VIP and port, and the flows that came in by it. */
export interface Frontend {
  /** Where it listens; the port is the real one when 0 was asked for. */
  readonly address: HostPort;
  /**
   * Takes the service as it is to be from now on; VIP, port and protocol are those it was made with. Flows to backends
   * that stay are not harmed. Never throws.
   * @returns resolves when no new flow goes by what was before
   */
  update(service: VirtualService): void | Promise<void>;
  counters(): VirtualServiceCounters | Promise<VirtualServiceCounters>;
  /** As counted a few seconds ago. */
  lately(): VirtualServiceCounters;
  /**
   * Takes no new flow; resolves when its address is free for another. Absent: open flows need the socket (UDP), and the
   * address is free when they have ended.
   */
  stopListening?(): Promise<void>;
  /**
   * Takes no new flow; resolves when the open ones have ended, which the service's drain time bounds.
   * @param idle milliseconds after which a flow has ended that does not say so itself (UDP), if its timeout is not shorter
   */
  drain(idle?: number): Promise<void>;
  /** New flows are those of another process from now on, which has a socket at the same address. Absent: stopping to listen is enough. */
  leaveToSuccessor?(): void;
  /** Ends every flow and closes the socket, at once. */
  close(): Promise<void>;
}

/** One of which this thread carries all flows. */
export interface LocalFrontend extends Frontend {
  update(service: VirtualService): void;
  counters(): VirtualServiceCounters;
}

/** What a frontend needs from the plane that it is part of. */
export interface FrontendContext {
  readonly createScheduler: CreateScheduler;
  /** Milliseconds that only grow. */
  readonly now: () => number;
  readonly onSignal: (signal: PassiveSignal) => void;
  /** A connection to a task failed because this host has no port left for it. */
  readonly onPortless?: (backend: Backend) => void;
  /** The flows and file descriptors of all frontends of the plane together. */
  readonly limits: FlowBudget;
  /** Whether TCP listens at any free port of the VIP, because the kernel leads connections there. */
  readonly anyPort?: () => boolean;
  /** Whether a predecessor of this process still listens at the addresses. */
  readonly shares?: () => boolean;
  /** Whose connections are taken; absent: everyone's. */
  readonly clients?: () => ClientTable | undefined;
  /** One line for the operator. */
  readonly log: Pick<Log, 'warn'>;
}

/**
 * Makes a frontend.
 * @throws the error of the socket, with its `code`, when it cannot listen
 */
export type Listen = (service: VirtualService, context: FrontendContext) => Promise<Frontend>;
