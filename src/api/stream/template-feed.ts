import { every, type Timers } from '../../runtime/timers.js';
import type { TemplatePort } from '../ports.js';
import { templateListJson } from '../routes/template-routes.js';
import type { TemplatesMessageJson } from '../types/stream.js';
import type { Outlet } from './outlet.js';

/** How often it is looked whether a template has changed. */
const LOOK_MS = 500;

/** All templates to each client, and again whenever one of them has changed. Nothing is done without a client. */
export class TemplateFeed {
  readonly #templates: TemplatePort;
  readonly #timers: Pick<Timers, 'after'>;
  readonly #outlets = new Set<Outlet>();
  #last = '';
  #stop: (() => void) | undefined;

  constructor(templates: TemplatePort, timers: Pick<Timers, 'after'>) {
    this.#templates = templates;
    this.#timers = timers;
  }

  /** @returns ends it */
  subscribe(outlet: Outlet): () => void {
    const text = this.#text();
    if (this.#outlets.size === 0) {
      this.#last = text;
      this.#stop = every(this.#timers, LOOK_MS, () => this.#look());
    }
    this.#outlets.add(outlet);
    outlet.send(text);
    return () => {
      this.#outlets.delete(outlet);
      if (this.#outlets.size === 0) this.#stop?.();
    };
  }

  #look(): void {
    const text = this.#text();
    if (text === this.#last) return;
    this.#last = text;
    for (const outlet of this.#outlets) outlet.send(text);
  }

  #text(): string {
    const message: TemplatesMessageJson = {
      channel: 'templates',
      type: 'templates',
      ...templateListJson(this.#templates),
    };
    return JSON.stringify(message);
  }
}
