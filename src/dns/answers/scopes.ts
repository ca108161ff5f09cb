import type { View } from '../../catalog/view.js';
import { formatUpstream } from '../../net/upstream.js';

/** There are as many as there are stacks with links; more are a sign of something else. */
const MAX_SCOPES = 100_000;

/**
 * Numbers for whom an answer is for. Most names mean the same to all who are on the same networks (docs/design.md, "Answers depend on who
 * asks"); what depends on more is for the views that are alike in everything that an answer could depend on.
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
    // A number is never given out again, so what is forgotten is only made twice.
    if (this.#numbers.size >= MAX_SCOPES) this.#numbers.clear();
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    const number = this.#next;
    this.#next = number === 0x7ffffff0 ? 1 : number + 1;
    this.#numbers.set(text, number);
    return number;
  }
}
