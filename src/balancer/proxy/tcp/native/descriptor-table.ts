/** More than a process has open in earnest; memory of the table that is never used is never there. */
const MAX_DESCRIPTORS = 1 << 22;

/**
 * Which thread has opened which file descriptor, in memory that all threads share: the descriptors of a thread that has ended
 * are found here. They are numbers of the process, and outlive it.
 */
export class DescriptorTable {
  readonly memory: SharedArrayBuffer;
  readonly #owners: Uint8Array;
  readonly #owner: number;

  /** @param owner 1 to 255: whose those are that are taken here */
  constructor(memory: SharedArrayBuffer, owner: number) {
    this.memory = memory;
    this.#owners = new Uint8Array(memory);
    this.#owner = owner;
  }

  /** @param limit see {@link descriptorLimit} */
  static memory(limit: number): SharedArrayBuffer {
    return new SharedArrayBuffer(Math.min(limit, MAX_DESCRIPTORS));
  }

  /** @returns false when the number is beyond the table: the descriptor is to be closed again */
  take(fd: number): boolean {
    if (fd >= this.#owners.length) return false;
    this.#owners[fd] = this.#owner;
    return true;
  }

  /** To be called before it is closed: the number may be another's at once. */
  give(fd: number): void {
    this.#owners[fd] = 0;
  }

  /** All that an owner has, which is theirs no more. To be called when that thread has ended. */
  reclaim(owner: number): number[] {
    const found: number[] = [];
    for (let fd = this.#owners.indexOf(owner); fd >= 0; fd = this.#owners.indexOf(owner, fd + 1)) {
      this.#owners[fd] = 0;
      found.push(fd);
    }
    return found;
  }
}
