import type { TimerWheel } from '../../../runtime/timer-wheel.js';
import type { Backend } from '../../flows/backend.js';
import type { Backends } from '../../flows/backends.js';
import type { SourceAddresses } from '../../flows/source-addresses.js';
import type { TcpSettings } from './tcp-settings.js';

/** What a flow needs from the service that it came in by. */
export interface FlowHost<Flow> {
  /** As of now; an update replaces it. */
  readonly settings: TcpSettings;
  readonly backends: Backends;
  readonly sources: SourceAddresses;
  readonly wheel: TimerWheel;
  /** How many flows got a task to try, were turned away, no attempt could carry, and how many further attempts were made. */
  readonly tally: { total: number; refused: number; failed: number; retried: number };
  /** Whether its client may have one more flow; asked once, when the client's address is known. */
  admit(flow: Flow): boolean;
  /** There was no port left for a connection to a task. */
  portless(backend: Backend): void;
  /** Its sockets are closed. */
  ended(flow: Flow): void;
}
