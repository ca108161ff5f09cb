/** A query that an entry was made for; without a packet: its client. */
export interface KnownQuery {
  readonly packet?: Uint8Array;
  /** Of the client that asked it first. */
  readonly address: string;
}

/** As many are remembered; the rest is asked for again. */
const MAX_KNOWN = 20_000;

/** More are not renewed together: whoever asks for one of them has it made. */
const MAX_RENEWED = 5000;

/** Which entries were made from what, so that they can be made anew when that changes, before anybody asks. */
export class KnownQueries {
  readonly #slots = new Map<number, Set<string>>();
  readonly #queries = new Map<string, KnownQuery & { readonly slots: readonly number[] }>();

  /** @param slots of what the entry was made from */
  note(query: KnownQuery, slots: Iterable<number>): void {
    if (this.#queries.size >= MAX_KNOWN) this.#clear();
    const key = keyOf(query);
    this.#forget(key);
    const all = [...slots];
    this.#queries.set(key, { ...query, slots: all });
    for (const slot of all) {
      const keys = this.#slots.get(slot);
      if (keys) keys.add(key);
      else this.#slots.set(slot, new Set([key]));
    }
  }

  /** Forgets and returns those that depend on one of the slots, clients first; none when they are too many. */
  take(changed: ReadonlySet<number> | 'all'): KnownQuery[] {
    const keys = new Set<string>();
    if (changed === 'all') for (const key of this.#queries.keys()) keys.add(key);
    else for (const slot of changed) for (const key of this.#slots.get(slot) ?? []) keys.add(key);
    const taken: KnownQuery[] = [];
    for (const key of keys) {
      const query = this.#forget(key);
      if (query) taken.push(query);
    }
    if (taken.length > MAX_RENEWED) return [];
    return taken.sort((a, b) => Number(a.packet !== undefined) - Number(b.packet !== undefined));
  }

  #forget(key: string): KnownQuery | undefined {
    const known = this.#queries.get(key);
    if (!known) return undefined;
    this.#queries.delete(key);
    for (const slot of known.slots) {
      const keys = this.#slots.get(slot);
      keys?.delete(key);
      if (keys?.size === 0) this.#slots.delete(slot);
    }
    return known;
  }

  #clear(): void {
    this.#slots.clear();
    this.#queries.clear();
  }
}

function keyOf({ packet, address }: KnownQuery): string {
  return packet ? `${address} ${Buffer.from(packet).toString('latin1')}` : address;
}
