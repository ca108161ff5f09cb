import type { QueriesMessageJson } from './types/stream.js';

export interface Ranked {
  readonly text: string;
  /** Queries, counted as many as each stands for. */
  readonly queries: number;
}

/** Queries by what people ask first: who asks for what, who is asked, and what does not exist. */
export interface QueryRanks {
  /** One of so many queries was looked at last. */
  readonly oneOf: number;
  readonly queries: number;
  readonly names: readonly Ranked[];
  readonly clients: readonly Ranked[];
  readonly upstreams: readonly Ranked[];
  readonly nxdomain: readonly Ranked[];
}

/** How many different texts are counted; a scan of random names must not fill the memory. */
const MOST = 100_000;

export class QueryTop {
  #oneOf = 1;
  #queries = 0;
  readonly #names = new Tallies();
  readonly #clients = new Tallies();
  readonly #upstreams = new Tallies();
  readonly #nxdomain = new Tallies();

  add({ oneOf, queries }: Pick<QueriesMessageJson, 'oneOf' | 'queries'>): void {
    this.#oneOf = oneOf;
    for (const query of queries) {
      const { name, type = '', rcode, upstream, oneOf: weight } = query;
      this.#queries += weight;
      const what = name === undefined ? '(no name)' : `${name.toLowerCase()} ${type}`;
      this.#names.add(what, weight);
      this.#clients.add(askerText(query), weight);
      if (query.by === 'upstream') this.#upstreams.add(upstream ?? '(no answer)', weight);
      if (rcode === 'NXDOMAIN') this.#nxdomain.add(what, weight);
    }
  }

  /** @param rows how many of each */
  ranks(rows: number): QueryRanks {
    return {
      oneOf: this.#oneOf,
      queries: this.#queries,
      names: this.#names.top(rows),
      clients: this.#clients.top(rows),
      upstreams: this.#upstreams.top(rows),
      nxdomain: this.#nxdomain.top(rows),
    };
  }
}

class Tallies {
  readonly #counts = new Map<string, number>();

  add(text: string, weight: number): void {
    const known = this.#counts.get(text);
    if (known === undefined && this.#counts.size >= MOST) return;
    this.#counts.set(text, (known ?? 0) + weight);
  }

  top(rows: number): Ranked[] {
    return [...this.#counts]
      .map(([text, queries]) => ({ text, queries }))
      .sort((a, b) => b.queries - a.queries || (a.text < b.text ? -1 : 1))
      .slice(0, rows);
  }
}

/** Who asked, as people know it. */
export function askerText({ task, client }: { readonly task?: string; readonly client?: string }): string {
  return task ?? client ?? '(hidden)';
}

/** `1 of 16`; empty if all are looked at. */
export function shareText(oneOf: number): string {
  return oneOf === 1 ? '' : `1 of ${oneOf}`;
}
