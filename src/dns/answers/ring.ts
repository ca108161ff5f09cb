/** Control words: where the next record is written, and read. They are on different cache lines. */
const WRITE = 0;
const READ = 16;
const FIRST = 32;

/** The size of a record that says "go on at the beginning". */
const WRAP = -1;

/**
 * Records of words from one thread to another, in shared memory: one writes, one reads. Nobody waits: when there is no room a record is not
 * taken, and the writer decides what that means.
 */
export class Ring {
  readonly memory: SharedArrayBuffer;
  /** The memory as words and as bytes; records are in it. */
  readonly words: Int32Array;
  readonly octets: Uint8Array;
  readonly #end: number;
  #reserved = 0;

  /** @param memory that of another thread's, or how many words a new one has */
  constructor(memory: SharedArrayBuffer | number) {
    this.memory = typeof memory === 'number' ? new SharedArrayBuffer((FIRST + memory) * 4) : memory;
    this.words = new Int32Array(this.memory);
    this.octets = new Uint8Array(this.memory);
    this.#end = this.words.length;
    if (typeof memory === 'number') this.words.fill(FIRST, WRITE, WRITE + 1).fill(FIRST, READ, READ + 1);
  }

  /**
   * Makes room for a record. The writer fills it in and calls {@link commit}.
   * @returns where it begins in {@link words}; -1 when there is no room
   */
  reserve(size: number): number {
    const { words } = this;
    const write = words[WRITE] ?? FIRST;
    const read = Atomics.load(words, READ);
    const needed = size + 1;
    let at = write;
    if (write >= read) {
      // A record that ended just at `read` would look like an empty ring.
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

  /** Hands the reserved record over. */
  commit(): void {
    Atomics.store(this.words, WRITE, this.#reserved);
  }

  /** @returns where the oldest record begins in {@link words}; -1 when there is none */
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

  /** Gives the room of the record at {@link peek} back. */
  release(at: number): void {
    Atomics.store(this.words, READ, at + this.size(at));
  }
}
