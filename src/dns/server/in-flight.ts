/** Counts and limits pending work per source. Idle sources cost no memory. */
export class InFlight {
  readonly #counts = new Map<string, number>();

  /** @returns false if the source already has `max` pending; otherwise the caller must {@link leave} later */
  enter(source: string, max: number): boolean {
    const count = this.#counts.get(source) ?? 0;
    if (count >= max) return false;
    this.#counts.set(source, count + 1);
    return true;
  }

  leave(source: string): void {
    const left = (this.#counts.get(source) ?? 1) - 1;
    if (left === 0) this.#counts.delete(source);
    else this.#counts.set(source, left);
  }
}
