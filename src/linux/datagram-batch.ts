import { keptPointers } from './kept-pointers.js';
import { systemCallError, type Libc, type SystemCallError } from './libc.js';
import type { Pointer } from './pointer.js';
import { ofArchitecture, TIMESPEC_SIZE } from './numbers.js';
import { SOCKADDR_SIZE } from './sockaddr.js';

/** System call numbers. `struct mmsghdr` has always had the same layout on both architectures. */
const NUMBERS = ofArchitecture({
  x64: { recvmmsg: 299, sendmmsg: 307, ppoll: 271 },
  arm64: { recvmmsg: 243, sendmmsg: 269, ppoll: 73 },
});

/** struct mmsghdr on a 64-bit kernel (recvmmsg(2)): a msghdr of 56 bytes and the length, padded. */
const HDR = { size: 64, name: 0, nameLength: 8, iov: 16, iovLength: 24, flags: 48, length: 56 } as const;
/** struct iovec. */
const IOVEC = { size: 16, base: 0, length: 8 } as const;
/** struct pollfd. */
const POLLFD_SIZE = 8;
const POLLIN = 1;

const MSG_DONTWAIT = 0x40;
const MSG_WAITFORONE = 0x10000;
const EINTR = 4;
const EAGAIN = 11;

/** Space for a peer's address, padded to align what follows. */
const NAME_STRIDE = 32;

/**
 * Datagrams that are received and answered together: one recvmmsg(2), one sendmmsg(2), and the replies overwrite the
 * queries. All of it is one ArrayBuffer. The kernel holds addresses inside the buffer, so it must neither move nor be
 * collected.
 */
export class DatagramBatch {
  /** The most datagrams per batch. */
  readonly capacity: number;
  /** The most bytes per datagram. Longer datagrams are truncated. */
  readonly room: number;
  /** The whole buffer, as bytes and as 32-bit numbers. */
  readonly octets: Uint8Array;
  readonly words: Int32Array;
  readonly #libc: Libc;
  readonly #base: Pointer;
  /** The header of each place. */
  readonly #headers: readonly Pointer[];
  readonly #iovecsAt: number;
  readonly #namesAt: number;
  readonly #datagramsAt: number;
  readonly #stride: number;
  readonly #pollAt: number;
  #maxPolled: number;

  /** @param room bytes, a multiple of 64 */
  constructor(libc: Libc, capacity = 64, room = 4096) {
    this.#libc = libc;
    this.capacity = capacity;
    this.room = room;
    // If places were a power of two apart, they would share the same few sets of the processor's cache.
    this.#stride = room + 64;
    this.#iovecsAt = capacity * HDR.size;
    this.#namesAt = this.#iovecsAt + capacity * IOVEC.size;
    this.#datagramsAt = this.#namesAt + capacity * NAME_STRIDE;
    const end = this.#datagramsAt + capacity * this.#stride;
    this.#pollAt = end;
    this.#maxPolled = 64;
    const memory = new ArrayBuffer(end + TIMESPEC_SIZE + this.#maxPolled * POLLFD_SIZE);
    this.octets = new Uint8Array(memory);
    this.words = new Int32Array(memory);
    this.#base = libc.address(memory);
    const places = Array.from({ length: capacity }, (_, place) => this.#base + place * HDR.size);
    this.#headers = keptPointers(places);
    this.#prepare(memory);
  }

  /** The offset of the datagram at a place; a multiple of 4. */
  datagramAt(place: number): number {
    return this.#datagramsAt + place * this.#stride;
  }

  /** The offset of the peer's `sockaddr` at a place; a multiple of 4. */
  nameAt(place: number): number {
    return this.#namesAt + place * NAME_STRIDE;
  }

  /** Length in bytes of the datagram received at a place. */
  lengthAt(place: number): number {
    return this.words[(place * HDR.size + HDR.length) >> 2] ?? 0;
  }

  /** Prepares one place for sending. @param nameLength bytes of the peer's address @param length bytes of the datagram */
  setPlace(place: number, nameLength: number, length: number): void {
    this.words[(place * HDR.size + HDR.nameLength) >> 2] = nameLength;
    this.setLength(place, length);
  }

  /** Sets how many bytes of a place to send. */
  setLength(place: number, octets: number): void {
    this.words[(this.#iovecsAt + place * IOVEC.size + IOVEC.length) >> 2] = octets;
  }

  /**
   * Receives the waiting datagrams. Waits for the first one for at most the socket's receive timeout.
   * @param wait false: return at once
   * @returns how many were received; 0 after a timeout
   * @throws SystemCallError when the socket cannot be read
   */
  receive(fd: number, wait: boolean): number {
    const flags = wait ? MSG_WAITFORONE : MSG_DONTWAIT;
    const got = this.#libc.syscall(NUMBERS.recvmmsg, fd, this.#header(0), this.capacity, flags, 0);
    if (got >= 0) return got;
    const errno = this.#libc.errno();
    // ECONNREFUSED and similar errors report that earlier replies did not arrive. The socket itself is fine.
    if (errno === EAGAIN || errno === EINTR) return 0;
    throw systemCallError(this.#libc, 'recvmmsg');
  }

  /**
   * Sends the datagrams at `count` places, starting at `first`.
   * @returns how many the kernel accepted before it refused one; the kernel does not say why
   */
  send(fd: number, first: number, count: number): number {
    return this.#libc.syscall(NUMBERS.sendmmsg, fd, this.#header(first), count, 0, 0);
  }

  /** The error of the last {@link send} that sent nothing. */
  sendError(): SystemCallError {
    return systemCallError(this.#libc, 'sendmmsg');
  }

  /** Prepares `count` places for receiving again. */
  reset(count: number, nameLength: number): void {
    const { words } = this;
    for (let place = 0; place < count; place++) {
      words[(place * HDR.size + HDR.nameLength) >> 2] = nameLength;
      words[(this.#iovecsAt + place * IOVEC.size + IOVEC.length) >> 2] = this.room;
    }
  }

  /** Waits until one of several sockets is readable, for at most `timeout` ms. */
  poll(fds: readonly number[], timeout: number): void {
    const at = this.#pollAt >> 2;
    const { words } = this;
    words[at] = Math.floor(timeout / 1000);
    words[at + 2] = (timeout % 1000) * 1_000_000;
    const count = Math.min(fds.length, this.#maxPolled);
    const first = at + TIMESPEC_SIZE / 4;
    for (let i = 0; i < count; i++) {
      words[first + i * 2] = fds[i] ?? -1;
      words[first + i * 2 + 1] = POLLIN;
    }
    const pointer = this.#base + this.#pollAt;
    // ppoll(fds, count, timeout, no signal mask)
    this.#libc.ppoll(NUMBERS.ppoll, pointer + TIMESPEC_SIZE, count, pointer);
  }

  #header(place: number): Pointer {
    return this.#headers[place] ?? 0;
  }

  #prepare(memory: ArrayBuffer): void {
    const view = new DataView(memory);
    const point = (at: number, to: number) => {
      view.setBigUint64(at, BigInt(this.#base + to), true);
    };
    for (let place = 0; place < this.capacity; place++) {
      const hdr = place * HDR.size;
      const iovec = this.#iovecsAt + place * IOVEC.size;
      point(hdr + HDR.name, this.nameAt(place));
      point(hdr + HDR.iov, iovec);
      view.setBigUint64(hdr + HDR.iovLength, 1n, true);
      point(iovec + IOVEC.base, this.datagramAt(place));
    }
    this.reset(this.capacity, SOCKADDR_SIZE);
  }
}
