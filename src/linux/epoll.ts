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
  /** Edge-triggered: reports changes rather than states. */
  ET: 1 << 31,
} as const;

const CTL_ADD = 1;
const CTL_DEL = 2;
const CTL_MOD = 3;
const EINTR = 4;
const ENOMEM = 12;
const ENOSPC = 28;

/** struct epoll_event in 32-bit words. It is packed only on x64 (epoll_ctl(2)). */
const LAYOUT = process.arch === 'x64' ? { size: 3, data: 1 } : { size: 4, data: 2 };

/**
 * An epoll instance (epoll(7)). Each descriptor is watched under a tag, and its events carry the tag. If a descriptor
 * number is reused within a batch, the tag shows which descriptor an event belongs to.
 */
export class Epoll {
  readonly fd: number;
  /** The most events per {@link wait}. */
  readonly capacity: number;
  readonly #libc: Libc;
  readonly #words: Int32Array;
  readonly #events: Pointer;
  /** The argument of epoll_ctl(2), stored behind the events. */
  readonly #told: Pointer;
  readonly #toldAt: number;

  /** @throws SystemCallError from epoll_create1(2) */
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
   * @returns false when the kernel is out of memory or /proc/sys/fs/epoll/max_user_watches is reached
   * @throws SystemCallError for any other error of epoll_ctl(2)
   */
  add(fd: number, events: number, tag: number): boolean {
    return this.#control(CTL_ADD, fd, events, tag);
  }

  /** Also reports at once what is already true. @throws SystemCallError from epoll_ctl(2) */
  modify(fd: number, events: number, tag: number): void {
    this.#control(CTL_MOD, fd, events, tag);
  }

  /** Closing a descriptor also removes it. @throws SystemCallError from epoll_ctl(2) */
  remove(fd: number): void {
    this.#control(CTL_DEL, fd, 0, 0);
  }

  /**
   * @param timeout milliseconds; 0: do not wait
   * @returns the number of events
   * @throws SystemCallError from epoll_wait(2)
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
