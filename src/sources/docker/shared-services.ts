import type { ServiceFact } from '../../catalog/facts.js';
import { serviceKey, type Problem, type ServiceKey } from '../../catalog/model.js';
import { printable, quoted } from '../../text/printable.js';

/** What one container defines about services, besides being a task of one. */
export interface ServiceClaims {
  /** Services from its port names, as with registrator's `SERVICE_443_NAME`. */
  readonly named: readonly ServiceFact[];
  /** Its own service, and the name as written in its labels. */
  readonly spelled?: { readonly key: ServiceKey; readonly text: string; readonly container: string };
}

const nothing: ServiceClaims = { named: [] };

/** Services defined by several containers. A service exists as long as one of them defines it. */
export class SharedServices {
  readonly #claims = new Map<string, ServiceClaims>();
  readonly #makers = new Map<ServiceKey, Map<string, ServiceFact>>();
  readonly #changed = new Set<ServiceKey>();

  /** @param id the id of the container; without claims it is forgotten */
  set(id: string, claims: ServiceClaims = nothing): void {
    for (const fact of this.#claims.get(id)?.named ?? []) {
      const key = serviceKey(fact);
      this.#makers.get(key)?.delete(id);
      this.#changed.add(key);
    }
    if (claims.named.length === 0 && claims.spelled === undefined) this.#claims.delete(id);
    else this.#claims.set(id, claims);
    for (const fact of claims.named) {
      const key = serviceKey(fact);
      this.#makers.set(key, (this.#makers.get(key) ?? new Map<string, ServiceFact>()).set(id, fact));
      this.#changed.add(key);
    }
  }

  /** All such services. From now on {@link takeChanges} returns the differences from them. */
  all(): readonly ServiceFact[] {
    this.#changed.clear();
    return [...this.#makers.keys()].map((key) => this.#factOf(key)).filter((fact) => fact !== undefined);
  }

  /** The changes since the last call. */
  takeChanges(): { readonly services: ServiceFact[]; readonly removedServices: ServiceKey[] } {
    const services: ServiceFact[] = [];
    const removedServices: ServiceKey[] = [];
    for (const key of this.#changed) {
      const fact = this.#factOf(key);
      if (fact) services.push(fact);
      else {
        this.#makers.delete(key);
        removedServices.push(key);
      }
    }
    this.#changed.clear();
    return { services, removedServices };
  }

  /** Services whose containers write the name in several ways, although DNS ignores case. */
  problems(): readonly Problem[] {
    const spellings = new Map<ServiceKey, Map<string, string>>();
    for (const { spelled } of this.#claims.values()) {
      if (!spelled) continue;
      const known = spellings.get(spelled.key) ?? new Map<string, string>();
      if (!known.has(spelled.text)) known.set(spelled.text, spelled.container);
      spellings.set(spelled.key, known);
    }
    return [...spellings].flatMap(([key, known]): Problem[] => {
      if (known.size < 2) return [];
      const ways = [...known].map(
        ([text, container]) => `${quoted(text)} (container ${printable(container)})`,
      );
      const subject = `service ${key}`;
      const message = `${subject}: ${ways.sort().join(' and ')} are the same name in DNS, so they are served as one service; rename one of them`;
      return [{ code: 'name-collision', subject, message }];
    });
  }

  /** If several containers define a service, the first by id counts. */
  #factOf(key: ServiceKey): ServiceFact | undefined {
    const makers = this.#makers.get(key);
    const [first] = makers ? [...makers.keys()].sort() : [];
    return first === undefined ? undefined : makers?.get(first);
  }
}
