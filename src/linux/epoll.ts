import { systemCallError, type Libc } from './libc.js';
import type { Pointer } from './pointer.js';
import { CLOEXEC } from './numbers.js';

/** sys/epoll.h. */
export const EPOLL = {
  IN: 0x001,
  PRI: 0x002,
  OUT: 0x004,
  ERR: 0x008,
  HUP: 0x010,
  RDHUP: 0x2000,
  EXCLUSIVE: 1 << 28,
  /** Reports changes, not of states. */
  ET: 1 << 31,
} as const;

const CTL_ADD = 1;
const CTL_DEL = 2;
const CTL_MOD = 3;
const EINTR = 4;
const ENOMEM = 12;
const ENOSPC = 28;

/** struct epoll_event in 32-bit words: it is packed on x64 only (epoll_ctl(2)). */
const LAYOUT = process.arch === 'x64' ? { size: 3, data: 1 } : { size: 4, data: 2 };

/**
 * An epoll instance (epoll(7)). Each descriptor is watched under a tag, which comes back with its events: a number that is reused
 * within one batch can so be distinguished from the one that the event was of.
 */
export class Epoll {
  readonly fd: number;
  /** Events of one {@link wait} at most. */
  readonly capacity: number;
  readonly #libc: Libc;
  readonly #words: Int32Array;
  readonly #events: Pointer;
  /** Behind the events: the argument of epoll_ctl(2). */
  readonly #told: Pointer;
  readonly #toldAt: number;

  /** @throws SystemCallError as of epoll_create1(2) */
  constructor(libc: Libc, capacity = 256) {
    this.#libc = libc;
    this.capacity = capacity;
    const memory = new ArrayBuffer((capacity + 1) * LAYOUT.size * 4);
    this.#words = new Int32Array(memory);
    this.#events = libc.address(memory);
    this.#toldAt = capacity * LAYOUT.size;
    this.#told = this.#events + this.#toldAt * 4;
    this.fd = libc.epoll_create1(CLOEXEC);
    if (this.fd < 0) throw systemCallError(libc, 'epoll_create1');
  }

  /**
   * @param events {@link EPOLL} bits
   * @returns false when the kernel has no memory for it, or /proc/sys/fs/epoll/max_user_watches is reached
   * @throws SystemCallError for any other reason of epoll_ctl(2)
   */
  add(fd: number, events: number, tag: number): boolean {
    return this.#control(CTL_ADD, fd, events, tag);
  }

  /** Tells at once what is so already. @throws SystemCallError as of epoll_ctl(2) */
  modify(fd: number, events: number, tag: number): void {
    this.#control(CTL_MOD, fd, events, tag);
  }

  /** Closing a descriptor does so too. @throws SystemCallError as of epoll_ctl(2) */
  remove(fd: number): void {
    this.#control(CTL_DEL, fd, 0, 0);
  }

  /**
   * @param timeout milliseconds; 0: not at all
   * @returns how many events there are
   * @throws SystemCallError as of epoll_wait(2)
   */
  wait(timeout: number): number {
    const count = this.#libc.epoll_wait(this.fd, this.#events, this.capacity, timeout);
    if (count >= 0) return count;
    if (this.#libc.errno() === EINTR) return 0;
    throw systemCallError(this.#libc, 'epoll_wait');
  }

  eventsAt(place: number): number {
    return this.#words[place * LAYOUT.size] ?? 0;
  }

  fdAt(place: number): number {
    return this.#words[place * LAYOUT.size + LAYOUT.data] ?? -1;
  }

  tagAt(place: number): number {
    return this.#words[place * LAYOUT.size + LAYOUT.data + 1] ?? -1;
  }

  close(): void {
    this.#libc.close(this.fd);
  }

  #control(operation: number, fd: number, events: number, tag: number): boolean {
    const words = this.#words;
    const at = this.#toldAt;
    words[at] = events;
    words[at + LAYOUT.data] = fd;
    words[at + LAYOUT.data + 1] = tag;
    if (this.#libc.epoll_ctl(this.fd, operation, fd, this.#told) === 0) return true;
    const error = systemCallError(this.#libc, 'epoll_ctl');
    if (error.errno === ENOMEM || error.errno === ENOSPC) return false;
    throw error;
  }
}
