import type { Health, SourceState } from '../../catalog/model.js';
import type { Timestamp } from './references.js';

/** An item of `GET /v1/hosts`: a host whose tasks are in the catalog, or this one. */
export interface HostJson {
  /** The id of its Fairlead, or the registry's name for a host that has none. */
  readonly id: string;
  readonly name: string;
  /** Where other hosts reach it; absent: not known. */
  readonly address?: string;
  /** The version of its Fairlead; absent: it has none, or it is not known. */
  readonly version?: string;
  /** Whether it is the host that answers. */
  readonly self: boolean;
  readonly tasks: number;
  /** Tasks by health; a health without tasks is absent. */
  readonly health: Readonly<Partial<Record<Health, number>>>;
  /** What reports its tasks, sorted. */
  readonly sources: readonly string[];
  /** `stale` if everything that reports its tasks is unreachable. */
  readonly state: SourceState;
  /** When what is known of it was last known to be true; absent: not yet. */
  readonly asOf?: Timestamp;
}

/** `GET /v1/hosts`. */
export interface HostListJson {
  readonly revision: number;
  /** The daemon's time when it answered. */
  readonly now: Timestamp;
  readonly hosts: readonly HostJson[];
}
