/** Control words: the positions of the next write and the next read. They are on different cache lines. */
const WRITE = 0;
const READ = 16;
const FIRST = 32;

/** The size that means "continue at the beginning". */
const WRAP = -1;

/**
 * Passes records of words from one thread to another in shared memory, with one writer and one reader. Neither waits.
 * If there is no space, the record is not accepted, and the writer decides what to do.
 */
export class Ring {
  readonly memory: SharedArrayBuffer;
  /** The memory of the records, as words and as bytes. */
  readonly words: Int32Array;
  readonly octets: Uint8Array;
  readonly #end: number;
  #reserved = 0;

  /** @param memory the memory of another thread's ring, or the size of a new one in words */
  constructor(memory: SharedArrayBuffer | number) {
    this.memory = typeof memory === 'number' ? new SharedArrayBuffer((FIRST + memory) * 4) : memory;
    this.words = new Int32Array(this.memory);
    this.octets = new Uint8Array(this.memory);
    this.#end = this.words.length;
    if (typeof memory === 'number') this.words.fill(FIRST, WRITE, WRITE + 1).fill(FIRST, READ, READ + 1);
  }

  /**
   * Reserves space for a record. The writer fills it in and calls {@link commit}.
   * @returns its offset in {@link words}; -1 if there is no space
   */
  reserve(size: number): number {
    const { words } = this;
    const write = words[WRITE] ?? FIRST;
    const read = Atomics.load(words, READ);
    const needed = size + 1;
    let at = write;
    if (write >= read) {
      // A record that ended exactly at `read` would make the ring look empty.
      if (write + needed + 1 > this.#end) {
        if (FIRST + needed >= read) return -1;
        words[write] = WRAP;
        at = FIRST;
      }
    } else if (write + needed >= read) return -1;
    words[at] = size;
    this.#reserved = at + needed;
    return at + 1;
  }

  /** Publishes the reserved record. */
  commit(): void {
    Atomics.store(this.words, WRITE, this.#reserved);
  }

  /** @returns the offset of the oldest record in {@link words}; -1 if there is none */
  peek(): number {
    const { words } = this;
    const write = Atomics.load(words, WRITE);
    let read = words[READ] ?? FIRST;
    if (read === write) return -1;
    if (words[read] === WRAP) {
      read = FIRST;
      Atomics.store(words, READ, FIRST);
      if (read === write) return -1;
    }
    return read + 1;
  }

  /** Words of the record at {@link peek}. */
  size(at: number): number {
    return this.words[at - 1] ?? 0;
  }

  /** Frees the space of the record at {@link peek}. */
  release(at: number): void {
    Atomics.store(this.words, READ, at + this.size(at));
  }
}
