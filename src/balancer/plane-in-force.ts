import { errorMessage } from '../net/error-message.js';
import type { Log } from '../net/log.js';
import type { PlaneName } from '../net/vip-figures.js';
import type { DataPlane, PlaneContext, PlaneSpec } from './plane.js';

export interface PlaneInForceOptions {
  readonly context: PlaneContext;
  readonly log: Log;
  /** Milliseconds that open connections may go on after another plane has taken over. */
  readonly leaveMs: number;
}

/**
 * The data plane that carries virtual IPs, and its change into one of another kind. The new one takes over as the plane
 * of a successor does: for a moment both serve, then the old one accepts nothing new and ends with its connections.
 */
export class PlaneInForce {
  readonly #options: PlaneInForceOptions;
  #spec: PlaneSpec;
  #plane: DataPlane;
  #chosen: PlaneSpec | undefined;
  /** Replaced, and still serving until the new one does. */
  readonly #replaced = new Set<DataPlane>();
  /** Accept nothing new. */
  readonly #leaving = new Map<DataPlane, NodeJS.Timeout>();

  constructor(spec: PlaneSpec, options: PlaneInForceOptions) {
    this.#options = options;
    this.#spec = spec;
    this.#plane = this.#open(spec);
  }

  get plane(): DataPlane {
    return this.#plane;
  }

  get spec(): PlaneSpec {
    return this.#spec;
  }

  get name(): PlaneName {
    return this.#spec.name;
  }

  /** Has the next {@link change} take a plane of another kind. */
  choose(spec: PlaneSpec): void {
    this.#chosen = spec;
  }

  /**
   * Takes the plane that was chosen, if one was. What it is to carry must be applied to it next, and then
   * {@link retire} called. Never rejects: a plane that is not possible here leaves the present one in force.
   * @param pool CIDR; undefined: there are no virtual IPs
   * @returns whether there is another plane
   */
  async change(pool: string | undefined): Promise<boolean> {
    const spec = this.#chosen;
    this.#chosen = undefined;
    if (!spec) return false;
    const { context, log } = this.#options;
    const outcome = pool === undefined ? 'ok' : await spec.preflight(context.host, pool);
    const why = outcome === 'ok' ? await this.#begin(spec, pool) : outcome.why;
    if (why === undefined) return true;
    log.warn(`the data plane ${this.name} stays, because ${spec.name} cannot be used: ${why}`);
    return false;
  }

  /** The planes before this one accept nothing new from now on. */
  retire(): void {
    for (const plane of this.#replaced) {
      this.#replaced.delete(plane);
      const end = (): void => void this.#end(plane);
      this.#leaving.set(plane, setTimeout(end, this.#options.leaveMs).unref());
      void plane.drain(true).then(end, end);
    }
  }

  /** Ends the planes before this one at once. */
  async endOthers(): Promise<void> {
    this.retire();
    await Promise.all(Array.from(this.#leaving.keys(), (plane) => this.#end(plane)));
  }

  async #begin(spec: PlaneSpec, pool: string | undefined): Promise<string | undefined> {
    const plane = this.#open(spec);
    try {
      await plane.use(pool, true);
    } catch (error) {
      await plane.close(true);
      return errorMessage(error);
    }
    this.#options.log.info(`the data plane changes from ${this.name} to ${spec.name}`);
    // What it would still write, as when it finds another way, would take the place of this one's rules.
    await this.#plane.replaced?.();
    this.#replaced.add(this.#plane);
    [this.#spec, this.#plane] = [spec, plane];
    return undefined;
  }

  #open(spec: PlaneSpec): DataPlane {
    const { context } = this.#options;
    const plane = spec.open({
      ...context,
      // The rules that a plane before this one watches are this one's now.
      onTampered: () => {
        if (plane === this.#plane) context.onTampered?.();
      },
    });
    return plane;
  }

  async #end(plane: DataPlane): Promise<void> {
    const timer = this.#leaving.get(plane);
    if (timer === undefined) return;
    clearTimeout(timer);
    this.#leaving.delete(plane);
    await plane.close(true);
  }
}
