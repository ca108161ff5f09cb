/** The shared memory of the main thread and a TCP thread, and their messages. */
import type {
  ClientNetworks,
  PassiveSignal,
  VirtualService,
  VirtualServiceCounters,
} from '../../../plane.js';
import type { FlowLimits } from '../../../flows/flow-budget.js';

/** The input of a new thread. */
export interface CarrierInput {
  /** At least 1; the main thread is 0. */
  readonly thread: number;
  /** Memory of {@link DescriptorTable}. */
  readonly descriptors: SharedArrayBuffer;
  /** Memory of {@link FlowBudget}. */
  readonly budget: SharedArrayBuffer;
  readonly limits: FlowLimits;
  /** The eventfd that announces commands. */
  readonly bell: number;
  /** Keys the hashes of schedulers. */
  readonly seed: number;
}

/** A service to carry. */
export interface ServiceAtWork {
  readonly id: number;
  readonly service: VirtualService;
  /** The listening socket, which the main thread opens and closes. */
  readonly fd: number;
  /** The port that clients dial. */
  readonly port: number;
  /** Whether this thread accepts connections. */
  readonly accepts: boolean;
}

/** Requests that a thread answers with `done`. */
export type Request =
  /** Accept the connections queued in the kernel, then stop using the listener. */
  | 'stop'
  /** Wait until all flows have ended or their time is over. */
  | 'drain'
  /** End all flows and forget the service. */
  | 'close';

export type Command =
  /** Starts a service, or changes a running one. */
  | { readonly kind: 'serve'; readonly work: ServiceAtWork }
  | { readonly kind: 'request'; readonly request: Request; readonly id: number; readonly call: number }
  /** Whose connections are accepted from now on. */
  | { readonly kind: 'clients'; readonly clients: ClientNetworks }
  | { readonly kind: 'counters'; readonly call: number }
  /** Answered when all earlier commands have been carried out. */
  | { readonly kind: 'sync'; readonly call: number }
  /** End. All services must be closed first. */
  | { readonly kind: 'quit' };

export type Report =
  | { readonly kind: 'done'; readonly call: number }
  /** Counters that changed since the last report, by id. */
  | {
      readonly kind: 'counters';
      readonly call: number;
      readonly changed: readonly (readonly [number, VirtualServiceCounters])[];
    }
  | { readonly kind: 'signals'; readonly signals: readonly PassiveSignal[] }
  /** There was no capacity for a flow. */
  | { readonly kind: 'full' }
  | { readonly kind: 'log'; readonly message: string };
