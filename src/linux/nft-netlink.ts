import { loadLibc, systemCallError, type Libc } from './libc.js';
import type { NetlinkBatch } from './nft-element-batch.js';
import type { NftOutcome } from './nft.js';
import { CLOEXEC, ofArchitecture } from './numbers.js';

/** linux/socket.h, linux/netlink.h. */
const AF_NETLINK = 16;
const SOCK_RAW = 3;
const NETLINK_NETFILTER = 12;
const MSG_DONTWAIT = 0x40;
const NLMSG_ERROR = 2;
/** recvfrom(2). */
const RECEIVE = ofArchitecture({ x64: 45, arm64: 207 });

/** struct sockaddr_nl of the kernel. */
const KERNEL = Uint8Array.of(AF_NETLINK, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
const ROOM = 64 * 1024;
/** struct nlmsghdr; an answer then has an error number, and the header of what it answers. */
const HEADER = 16;

/** A socket of netlink(7) that takes changes to nf_tables. */
export class NftNetlink {
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #answers = new Uint8Array(new ArrayBuffer(ROOM));
  #isOpen = true;

  /** @throws SystemCallError from socket(2) */
  constructor(libc: Libc) {
    this.#libc = libc;
    this.#fd = libc.socket(AF_NETLINK, SOCK_RAW | CLOEXEC, NETLINK_NETFILTER);
    if (this.#fd < 0) throw systemCallError(libc, 'socket');
  }

  /** Carries out a transaction: all of it or nothing. The kernel has answered when the message is sent. */
  run({ bytes, answers }: NetlinkBatch): NftOutcome {
    const libc = this.#libc;
    // What a transaction before has left, when there was no room for all of its answers.
    while (this.#receive() > 0);
    const sent = libc.sendto(this.#fd, bytes, bytes.length, MSG_DONTWAIT, KERNEL, KERNEL.length);
    if (sent < 0) return { ok: false, why: systemCallError(libc, 'sendto').message };
    let answered = 0;
    for (let length = this.#receive(); length > 0; length = this.#receive()) {
      const errors = errorsOf(this.#answers.subarray(0, length));
      const error = errors.find((each) => each !== 0);
      if (error !== undefined) return { ok: false, why: `nf_tables: ${libc.errnoName(error)}` };
      answered += errors.length;
    }
    if (answered === answers) return { ok: true, output: '' };
    return { ok: false, why: `nf_tables has answered ${answered} of ${answers} messages` };
  }

  close(): void {
    if (this.#isOpen) this.#libc.close(this.#fd);
    this.#isOpen = false;
  }

  /** @returns how many bytes of answers there are; -1: no more */
  #receive(): number {
    const to = this.#libc.address(this.#answers.buffer);
    return this.#libc.syscall(RECEIVE, this.#fd, to, ROOM, MSG_DONTWAIT, 0);
  }
}

/** @returns undefined where the C library cannot be called, or the kernel has no such socket */
export async function openNftNetlink(): Promise<NftNetlink | undefined> {
  const libc = await loadLibc();
  if ('unavailable' in libc) return undefined;
  try {
    return new NftNetlink(libc);
  } catch {
    return undefined;
  }
}

/** The error numbers of answers, 0 for success. */
function errorsOf(answers: Uint8Array): number[] {
  const view = new DataView(answers.buffer, answers.byteOffset, answers.length);
  const errors: number[] = [];
  for (let at = 0; at + HEADER + 4 <= answers.length;) {
    const length = view.getUint32(at, true);
    if (length < HEADER) break;
    if (view.getUint16(at + 4, true) === NLMSG_ERROR) errors.push(-view.getInt32(at + HEADER, true));
    at += (length + 3) & ~3;
  }
  return errors;
}
