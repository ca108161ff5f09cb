import type { View } from '../../catalog/view.js';
import { formatUpstream } from '../../net/upstream.js';

/** Normally there is one per stack with links; more indicate a fault. */
const MAX_SCOPES = 100_000;

/**
 * Numbers for groups of clients with the same answers. Most names mean the same to all clients on the same networks
 * (docs/design.md, "Answers depend on who asks"). Other answers are shared by views that are equal in everything that
 * an answer could depend on.
 */
export class Scopes {
  readonly #numbers = new Map<string, number>();
  #next = 1;

  ofNetworks({ environment, networksKey }: View): number {
    return this.#number(`${environment} ${networksKey}`);
  }

  ofView({ environment, networksKey, stack = '', service, links, upstreams = [] }: View): number {
    const text = JSON.stringify([
      environment,
      networksKey,
      stack,
      service ? [service.environment, service.stack, service.service, service.sidekick ?? ''] : [],
      Object.entries(links).sort(([a], [b]) => (a < b ? -1 : 1)),
      upstreams.map(formatUpstream),
    ]);
    return this.#number(text);
  }

  #number(text: string): number {
    // Numbers are never reused, so forgetting one only means making its entries twice.
    if (this.#numbers.size >= MAX_SCOPES) this.#numbers.clear();
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    const number = this.#next;
    this.#next = number === 0x7ffffff0 ? 1 : number + 1;
    this.#numbers.set(text, number);
    return number;
  }
}
