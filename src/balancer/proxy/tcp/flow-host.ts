import type { TimerWheel } from '../../../runtime/timer-wheel.js';
import type { Backend } from '../../flows/backend.js';
import type { Backends } from '../../flows/backends.js';
import type { SourceAddresses } from '../../flows/source-addresses.js';
import type { TcpSettings } from './tcp-settings.js';

/** What a flow needs from its service. */
export interface FlowHost<Flow> {
  /** The current settings. An update replaces the object. */
  readonly settings: TcpSettings;
  readonly backends: Backends;
  readonly sources: SourceAddresses;
  readonly wheel: TimerWheel;
  /** Monotonic milliseconds, to fractions of one. */
  now(): number;
  /**
   * Flows for which a task was tried, flows refused before that, flows for which every attempt failed, and further
   * attempts.
   */
  readonly tally: { total: number; refused: number; failed: number; retried: number };
  /** Whether the client may have another flow. Called once, when the client's address is known. */
  admit(flow: Flow): boolean;
  /** A connection to a task was established. @param ms since it was begun */
  connected(ms: number): void;
  /** There was no port left for a connection to a task. */
  portless(backend: Backend): void;
  /** Its sockets are closed. */
  ended(flow: Flow): void;
}
