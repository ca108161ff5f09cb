/** More descriptors than any real process opens. The system never allocates unused memory of the table. */
const MAX_DESCRIPTORS = 1 << 22;

/**
 * Records in shared memory which thread opened which file descriptor. Descriptors belong to the process and outlive the
 * thread. This table allows closing those of an ended thread.
 */
export class DescriptorTable {
  readonly memory: SharedArrayBuffer;
  readonly #owners: Uint8Array;
  readonly #owner: number;

  /** @param owner 1 to 255: the owner of descriptors that are taken through this object */
  constructor(memory: SharedArrayBuffer, owner: number) {
    this.memory = memory;
    this.#owners = new Uint8Array(memory);
    this.#owner = owner;
  }

  /** @param limit see {@link descriptorLimit} */
  static memory(limit: number): SharedArrayBuffer {
    return new SharedArrayBuffer(Math.min(limit, MAX_DESCRIPTORS));
  }

  /** @returns false when the number is beyond the table; the caller must then close the descriptor */
  take(fd: number): boolean {
    if (fd >= this.#owners.length) return false;
    this.#owners[fd] = this.#owner;
    return true;
  }

  /** Call this before closing the descriptor, because its number may be reused at once. */
  give(fd: number): void {
    this.#owners[fd] = 0;
  }

  /**
   * Returns all descriptors of an owner and removes them from the table. Call this when the owner's thread has ended.
   */
  reclaim(owner: number): number[] {
    const found: number[] = [];
    for (let fd = this.#owners.indexOf(owner); fd >= 0; fd = this.#owners.indexOf(owner, fd + 1)) {
      this.#owners[fd] = 0;
      found.push(fd);
    }
    return found;
  }
}
