/** The most datagrams handled singly before the next check for a batch. */
const MAX_BACKOFF = 31;

/** Decides whether to look for more datagrams on a socket. It looks rarely while they arrive singly. */
export class BatchPace {
  #skip = 0;
  #backoff = 0;

  due(): boolean {
    if (this.#skip === 0) return true;
    this.#skip--;
    return false;
  }

  /** @param found the number of datagrams in the last look */
  note(found: number): void {
    this.#backoff = found > 0 ? 0 : Math.min(MAX_BACKOFF, this.#backoff * 2 + 1);
    this.#skip = this.#backoff;
  }
}
