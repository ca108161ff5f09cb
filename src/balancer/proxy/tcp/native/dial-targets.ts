import type { DialTarget, TcpCalls } from '../../../../linux/tcp-calls.js';
import type { Destination } from '../../../schedulers/scheduler.js';

/** Addresses of tasks as the kernel takes them, made once for each. */
export class DialTargets {
  readonly #calls: TcpCalls;
  readonly #known = new WeakMap<Destination, DialTarget>();

  constructor(calls: TcpCalls) {
    this.#calls = calls;
  }

  of(destination: Destination): DialTarget {
    let target = this.#known.get(destination);
    if (!target) {
      target = this.#calls.target({ ip: destination.address, port: destination.port });
      this.#known.set(destination, target);
    }
    return target;
  }
}
