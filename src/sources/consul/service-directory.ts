import type { ServiceRef } from '../../catalog/model.js';
import { publishedName, serviceOfTag, serviceText, withoutPort } from '../../labels/service-names.js';
import { isMapping } from '../../text/yaml.js';

/**
 * The names of all services in Consul (`GET /v1/catalog/services`), and which of them may have tasks of a service. What
 * an entry really belongs to is in its Meta, which this list does not have, so a name too many may be found.
 */
export class ServiceDirectory {
  /** By the name in lower case. */
  readonly #names = new Map<string, string[]>();
  /** By the name, without the port that the publisher adds. */
  readonly #bases = new Map<string, string[]>();
  /** By what the tag of the publisher says: `shop/web`. */
  readonly #marked = new Map<string, string[]>();

  /** @param body the answer; anything else than a mapping is an empty list */
  constructor(body?: unknown) {
    for (const [name, tags] of Object.entries(isMapping(body) ? body : {})) {
      const lower = name.toLowerCase();
      add(this.#names, lower, name);
      add(this.#bases, lower, name);
      const base = withoutPort(lower);
      if (base !== undefined) add(this.#bases, base, name);
      for (const tag of Array.isArray(tags) ? tags : []) {
        const marked = typeof tag === 'string' ? serviceOfTag(tag) : undefined;
        if (marked !== undefined) add(this.#marked, marked, name);
      }
    }
  }

  get size(): number {
    return this.#names.size;
  }

  has(name: string): boolean {
    return this.#names.get(name.toLowerCase())?.includes(name) === true;
  }

  /** @param foreign the stack for services that Fairlead did not publish */
  namesOf(ref: ServiceRef, foreign: string): readonly string[] {
    const found = [
      ...(ref.stack === foreign && ref.sidekick === undefined ? (this.#names.get(ref.service) ?? []) : []),
      ...(this.#bases.get(publishedName(ref)) ?? []),
      ...(this.#marked.get(serviceText(ref)) ?? []),
    ];
    return [...new Set(found)];
  }

  /** The services that a template may mean by a name: that of the registry, or a service's own, in any stack. */
  namesLike(name: string): readonly string[] {
    const lower = name.toLowerCase();
    const own = `-${lower}`;
    const found = new Set(this.#bases.get(lower));
    for (const [base, names] of this.#bases)
      if (base.endsWith(own)) for (const each of names) found.add(each);
    for (const [marked, names] of this.#marked)
      if (marked.split('/')[1] === lower) for (const each of names) found.add(each);
    return [...found];
  }
}

function add(map: Map<string, string[]>, key: string, name: string): void {
  const names = map.get(key);
  if (names) names.push(name);
  else map.set(key, [name]);
}
