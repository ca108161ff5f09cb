import { familyOf } from '../../linux/nft-table.js';
import { countedTask } from '../../linux/vip-kernel-rules.js';
import { formatHostPort } from '../../net/ip.js';
import { placeText } from '../desired/place-text.js';
import type { BackendCounters, ToldService, VirtualServiceCounters } from '../plane.js';
import type { KernelHost } from './kernel-host.js';

/** Several readers of one moment share a look at the kernel. */
const FRESH_MS = 500;

/** What the kernel has counted since its rules were written, and before. */
interface Count {
  readonly before: number;
  readonly seen: number;
}

/** How many connections the kernel has led to each task, and how many of them are open. */
export class KernelCounts {
  readonly #kernel: Pick<KernelHost, 'countConnections' | 'ledFlows'>;
  readonly #now: () => number;
  readonly #counts = new Map<string, Count>();
  #open: ReadonlyMap<string, number> = new Map();
  #readAt = -Infinity;
  #reading: Promise<void> | undefined;

  /** @param now monotonic milliseconds */
  constructor(kernel: Pick<KernelHost, 'countConnections' | 'ledFlows'>, now: () => number) {
    this.#kernel = kernel;
    this.#now = now;
  }

  /** Looks at the kernel. Never rejects. */
  async read(pool: string): Promise<void> {
    if (this.#now() - this.#readAt < FRESH_MS) return;
    this.#reading ??= this.#read(pool).finally(() => (this.#reading = undefined));
    await this.#reading;
  }

  /** Adds the kernel's connections to what the proxy has counted, and leaves out what only the proxy counts. */
  added(counters: VirtualServiceCounters): ToldService {
    const { service, vip, port, protocol, scheduler, retried, active, total, backends, connects } =
      this.joined(counters);
    return {
      ...{ service, vip, port, protocol, scheduler, retried, active, total },
      backends: backends.map(({ id, name, address, weight, state, timeWait, portless, ...figures }) => ({
        ...{ id, name, address, weight, state, active: figures.active, total: figures.total },
        ...(timeWait !== undefined && { timeWait }),
        ...(portless !== undefined && { portless }),
      })),
      ...(connects && { connects }),
    };
  }

  /** Adds the kernel's connections to those of a service that the proxy carries now, and keeps all other figures. */
  joined(counters: VirtualServiceCounters): VirtualServiceCounters {
    let { active, total } = counters;
    const backends = counters.backends.map((backend) => {
      const [open, led] = [this.#openOf(counters, backend), this.#ledOf(counters, backend)];
      active += open;
      total += led;
      return { ...backend, active: backend.active + open, total: backend.total + led };
    });
    return { ...counters, active, total, backends };
  }

  async #read(pool: string): Promise<void> {
    const counted = await this.#kernel.countConnections(pool);
    for (const [task, seen] of counted ?? []) {
      const { before, seen: last } = this.#counts.get(task) ?? { before: 0, seen: 0 };
      // Rules that were written again count from 0.
      this.#counts.set(task, { before: seen < last ? before + last : before, seen });
    }
    const open = new Map<string, number>();
    for (const flow of await this.#kernel.ledFlows(familyOf(pool))) {
      const key = openKey(flow, { ip: flow.task, port: flow.taskPort });
      open.set(key, (open.get(key) ?? 0) + 1);
    }
    this.#open = open;
    this.#readAt = this.#now();
  }

  #openOf(place: Place, { address }: BackendCounters): number {
    return this.#open.get(openKey(place, address)) ?? 0;
  }

  #ledOf(place: Place, { address }: BackendCounters): number {
    const count = this.#counts.get(countedTask(place, address));
    return count ? count.before + count.seen : 0;
  }
}

type Place = Parameters<typeof placeText>[0];

function openKey(place: Place, task: BackendCounters['address']): string {
  return `${placeText(place)} ${formatHostPort(task)}`;
}
