/** What the main thread and a thread that carries TCP share and say to each other. */
import type {
  ClientNetworks,
  PassiveSignal,
  VirtualService,
  VirtualServiceCounters,
} from '../../../plane.js';
import type { FlowLimits } from '../../../flows/flow-budget.js';

/** What a thread is started with. */
export interface CarrierInput {
  /** 1 or more; 0 is the main thread. */
  readonly thread: number;
  /** Of {@link DescriptorTable}. */
  readonly descriptors: SharedArrayBuffer;
  /** Of {@link FlowBudget}. */
  readonly budget: SharedArrayBuffer;
  readonly limits: FlowLimits;
  /** The eventfd that reports commands. */
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
  /** Whether this thread accepts. */
  readonly accepts: boolean;
}

/** What a thread answers to, with `done`. */
export type Request =
  /** Accept what the kernel has queued, then leave the listener alone. */
  | 'stop'
  /** Wait until all flows have ended, or their time is over. */
  | 'drain'
  /** End all flows and forget the service. */
  | 'close';

export type Command =
  /** Also for one that is at work already: it changes. */
  | { readonly kind: 'serve'; readonly work: ServiceAtWork }
  | { readonly kind: 'request'; readonly request: Request; readonly id: number; readonly call: number }
  /** Whose connections are taken from now on. */
  | { readonly kind: 'clients'; readonly clients: ClientNetworks }
  | { readonly kind: 'counters'; readonly call: number }
  /** To be answered when everything that was said before is carried out. */
  | { readonly kind: 'sync'; readonly call: number }
  /** End; all services must be closed before. */
  | { readonly kind: 'quit' };

export type Report =
  | { readonly kind: 'done'; readonly call: number }
  /** Those that have changed since they were told last, by id. */
  | {
      readonly kind: 'counters';
      readonly call: number;
      readonly changed: readonly (readonly [number, VirtualServiceCounters])[];
    }
  | { readonly kind: 'signals'; readonly signals: readonly PassiveSignal[] }
  /** There was no room for a flow. */
  | { readonly kind: 'full' }
  | { readonly kind: 'log'; readonly message: string };
