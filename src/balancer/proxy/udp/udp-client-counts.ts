/** The number of sessions per client address. Counted only while there is a limit. */
export class UdpClientCounts {
  #limit: number | undefined;
  #counts = new Map<string, number>();

  /** @param addresses one for each current session */
  update(limit: number | undefined, addresses: () => Iterable<string>): void {
    const begins = this.#limit === undefined && limit !== undefined;
    this.#limit = limit;
    if (limit === undefined) this.#counts.clear();
    if (begins) for (const address of addresses()) this.add(address);
  }

  /** Whether a client may have another session. */
  admits(address: string): boolean {
    return this.#limit === undefined || (this.#counts.get(address) ?? 0) < this.#limit;
  }

  add(address: string): void {
    if (this.#limit !== undefined) this.#counts.set(address, (this.#counts.get(address) ?? 0) + 1);
  }

  remove(address: string): void {
    const count = this.#counts.get(address);
    if (count === undefined) return;
    if (count > 1) this.#counts.set(address, count - 1);
    else this.#counts.delete(address);
  }
}
