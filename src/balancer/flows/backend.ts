import type { BackendCounters, DesiredBackend } from '../plane.js';
import type { Destination } from '../schedulers/scheduler.js';
import { LastMinute } from './last-minute.js';

/** One task as seen by one virtual service, with its counters. */
export class Backend {
  readonly destination: Destination;
  /** The latest desired state. */
  desired: DesiredBackend;
  /** No longer a backend of the service. */
  gone = false;
  total = 0;
  bytesIn = 0;
  bytesOut = 0;
  errors = 0;
  /** Connections that failed because this host had no port left for them. */
  readonly portless = new LastMinute();
  /** Connections that are over and still hold a port of this host. */
  readonly timeWaits = new LastMinute();
  /** Its last flow went wrong: the next one that goes well is news. */
  failing = false;

  constructor(desired: DesiredBackend) {
    this.desired = desired;
    const { ip, port } = desired.address;
    this.destination = { id: desired.id, address: ip, port, weight: 0, active: 0, inactive: 0, upper: 0 };
    this.update(desired);
  }

  update(desired: DesiredBackend): void {
    this.desired = desired;
    this.destination.weight = desired.state === 'active' ? desired.weight : 0;
    this.destination.upper = desired.maxConnections ?? 0;
  }

  get draining(): boolean {
    return this.gone || this.desired.state === 'draining';
  }

  /** How long its flows may go on when it drains. @param usual as those of its service, in ms; Infinity: without end */
  drainTime(usual: number): number {
    return Math.max(usual, this.desired.drain ?? 0);
  }

  /** Whether it is at the same address: a task with another address is another one. */
  isSame({ address }: DesiredBackend): boolean {
    const { ip, port } = this.desired.address;
    return ip === address.ip && port === address.port;
  }

  /** @param now milliseconds that only grow */
  counters(now: number): BackendCounters {
    const { id, name, address, weight } = this.desired;
    const [timeWait, portless] = [this.timeWaits.count(now), this.portless.count(now)];
    return {
      ...{ id, name, address, weight },
      state: this.draining ? 'draining' : 'active',
      active: this.destination.active,
      total: this.total,
      bytesIn: this.bytesIn,
      bytesOut: this.bytesOut,
      errors: this.errors,
      ...(timeWait > 0 && { timeWait }),
      ...(portless > 0 && { portless }),
    };
  }
}
