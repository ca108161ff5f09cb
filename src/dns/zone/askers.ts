import { viewOf, type View } from '../../catalog/view.js';
import type { Snapshot } from '../../catalog/snapshot.js';
import type { Cidr } from '../../net/ip.js';
import { isNearby } from './access.js';

export interface AskersOptions {
  /** The environment of clients whose own is unknown. */
  readonly environment: string;
  /** Ranges of clients to answer. Undefined: private addresses, and every client that the catalog knows. */
  readonly allow?: readonly Cidr[];
}

/** How many clients are remembered. Only forged source addresses make more. */
const REMEMBERED = 10_000;

/** Clients by source address. Each is looked up once per snapshot, because most queries come from few clients. */
export class Askers {
  readonly #options: AskersOptions;
  readonly #views = new Map<string, View | 'nobody'>();
  #snapshot: Snapshot | undefined;

  constructor(options: AskersOptions) {
    this.#options = options;
  }

  /** @returns undefined for a client that is not answered */
  viewOf(snapshot: Snapshot, address: string): View | undefined {
    if (snapshot !== this.#snapshot || this.#views.size >= REMEMBERED) {
      this.#views.clear();
      this.#snapshot = snapshot;
    }
    let view = this.#views.get(address);
    if (view === undefined) {
      view = this.#isServed(snapshot, address)
        ? viewOf(snapshot, address, this.#options.environment)
        : 'nobody';
      this.#views.set(address, view);
    }
    return view === 'nobody' ? undefined : view;
  }

  #isServed(snapshot: Snapshot, address: string): boolean {
    const { allow } = this.#options;
    return allow ? allow.some((range) => range.contains(address)) : isNearby(snapshot, address);
  }
}
