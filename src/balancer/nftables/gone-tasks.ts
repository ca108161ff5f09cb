import type { DeadTask } from '../../linux/vip-kernel-table.js';
import { formatHostPort } from '../../net/ip.js';
import type { DesiredBackend, VirtualService } from '../plane.js';
import { TCP_TIMEOUTS } from '../proxy/tcp/tcp-settings.js';

/** An open connection may be silent for long. Then its task's address may be another task's. */
const REMEMBERED_MS = 3_600_000;

interface Gone {
  readonly dead: DeadTask;
  readonly until: number;
}

/**
 * The tasks to which open TCP connections are reset: those that are gone where the service says so, and those whose
 * time to drain is over.
 */
export class GoneTasks {
  readonly #now: () => number;
  readonly #gone = new Map<string, Gone>();
  /** When the time of a draining task is over. */
  readonly #draining = new Map<string, { readonly at: number; readonly dead: DeadTask }>();
  #dead: readonly DeadTask[] = [];

  /** @param now monotonic milliseconds */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** The same value as long as it is the same. */
  get dead(): readonly DeadTask[] {
    return this.#dead;
  }

  /** When {@link expire} has something to do, by the clock; Infinity: never. */
  get nextAt(): number {
    return Math.min(Infinity, ...Array.from(this.#draining.values(), ({ at }) => at));
  }

  /** @param before what the kernel carried at the same place; undefined: nothing. `after` likewise */
  update(before: VirtualService | undefined, after: VirtualService | undefined): void {
    if ((after ?? before)?.protocol !== 'tcp') return;
    const present = new Map((after?.backends ?? []).map((each) => [formatHostPort(each.address), each]));
    for (const backend of before?.backends ?? []) {
      if (!before || present.has(formatHostPort(backend.address))) continue;
      const dead = deadTask(before, backend);
      this.#draining.delete(keyOf(dead));
      if (after && after.onDown === 'reset') this.#add(dead);
    }
    for (const backend of present.values()) {
      if (!after) continue;
      const dead = deadTask(after, backend);
      if (backend.state === 'active') {
        this.#draining.delete(keyOf(dead));
        if (this.#gone.delete(keyOf(dead))) this.#changed();
      } else if (!this.#draining.has(keyOf(dead)) && !this.#gone.has(keyOf(dead))) {
        const drain = drainTime(after, backend);
        if (drain > 0) this.#draining.set(keyOf(dead), { at: this.#now() + drain, dead });
      }
    }
  }

  /** Ends the time of those that have drained long enough. */
  expire(): void {
    const now = this.#now();
    for (const [key, { at, dead }] of this.#draining) {
      if (at > now) continue;
      this.#draining.delete(key);
      this.#add(dead);
    }
    for (const [key, { until }] of this.#gone) {
      if (until > now) continue;
      this.#gone.delete(key);
      this.#changed();
    }
  }

  #add(dead: DeadTask): void {
    this.#gone.set(keyOf(dead), { dead, until: this.#now() + REMEMBERED_MS });
    this.#changed();
  }

  #changed(): void {
    this.#dead = Array.from(this.#gone.values(), ({ dead }) => dead);
  }
}

function deadTask({ vip, port }: VirtualService, { address }: DesiredBackend): DeadTask {
  return { vip, port, task: { ip: address.ip, port: address.port } };
}

function keyOf({ vip, port, task }: DeadTask): string {
  return `${formatHostPort({ ip: vip, port })} ${formatHostPort(task)}`;
}

/** As in the proxy; 0: no limit. */
function drainTime({ timeouts }: VirtualService, { drain = 0 }: DesiredBackend): number {
  const own = timeouts?.drain ?? TCP_TIMEOUTS.drain;
  return own === 0 ? 0 : Math.max(own, drain);
}
