import type { DialTarget, TcpCalls } from '../../../../linux/tcp-calls.js';
import type { Destination } from '../../../schedulers/scheduler.js';

/** Addresses of tasks in the kernel's form. Each is created once. */
export class DialTargets {
  readonly #calls: TcpCalls;
  readonly #sources = new Map<string, DialTarget>();
  readonly #known = new WeakMap<Destination, DialTarget>();

  constructor(calls: TcpCalls) {
    this.#calls = calls;
  }

  /** An address of this host to connect from, at any port. */
  source(ip: string): DialTarget {
    let source = this.#sources.get(ip);
    if (!source) {
      source = this.#calls.target({ ip, port: 0 });
      this.#sources.set(ip, source);
    }
    return source;
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
