import { systemCallError, type Libc } from './libc.js';
import type { Pointer } from './pointer.js';
import { CLOEXEC, NONBLOCK } from './numbers.js';

/** A descriptor with which one thread wakes another that waits in epoll_wait (eventfd(2)). */
export class EventFd {
  readonly fd: number;
  readonly #libc: Libc;
  readonly #value = new BigUint64Array([1n]);
  readonly #at: Pointer;

  /**
   * @param fd the descriptor that another thread created; by default a new one @throws SystemCallError from eventfd(2)
   */
  constructor(libc: Libc, fd = libc.eventfd(0, CLOEXEC | NONBLOCK)) {
    if (fd < 0) throw systemCallError(libc, 'eventfd');
    this.fd = fd;
    this.#libc = libc;
    this.#at = libc.address(this.#value.buffer);
  }

  /** Makes the descriptor readable. */
  ring(): void {
    this.#value[0] = 1n;
    this.#libc.write(this.fd, this.#at, 8);
  }

  /** Makes the descriptor unreadable until the next {@link ring}. */
  clear(): void {
    this.#libc.read(this.fd, this.#at, 8);
  }

  close(): void {
    this.#libc.close(this.fd);
  }
}
