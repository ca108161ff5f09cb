import type { TemplatePort } from '../api/ports.js';

/** Counts files that were rendered. A file counts once between two readings, however often it was. */
export class RenderCount {
  readonly #templates: Pick<TemplatePort, 'list'>;
  #seen = new Map<string, string>();
  #count = 0;

  constructor(templates: Pick<TemplatePort, 'list'>) {
    this.#templates = templates;
  }

  count(): number {
    const seen = new Map<string, string>();
    for (const { destination, renderedAt } of this.#templates.list()) {
      if (renderedAt === undefined) continue;
      seen.set(destination, renderedAt);
      if (this.#seen.get(destination) !== renderedAt) this.#count += 1;
    }
    this.#seen = seen;
    return this.#count;
  }
}
