import { familyOf } from '../../linux/nft-table.js';
import { placeText } from '../desired/place-text.js';
import { formatHostPort, parseCidr } from '../../net/ip.js';
import type { LedFlow } from '../../linux/conntrack.js';
import type { VirtualService } from '../plane.js';
import type { KernelHost } from './kernel-host.js';

/** A datagram may have been on its way through the rules when they were replaced. */
const AGAIN_MS = 1000;

export interface UdpReconcilerOptions {
  readonly kernel: Pick<KernelHost, 'ledFlows' | 'forgetFlows'>;
  /** What the kernel carries at a place. */
  readonly carried: (place: string) => VirtualService | undefined;
  readonly pool: () => string | undefined;
}

/**
 * Has the kernel forget the flows of datagrams to tasks that are gone. It would lead each to the same task as long as
 * its client goes on, whatever the rules say. Each time it looks at all there are: nothing depends on having seen a
 * task go.
 */
export class UdpReconciler {
  readonly #options: UdpReconcilerOptions;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: UdpReconcilerOptions) {
    this.#options = options;
  }

  /** Tasks of ports for datagrams have changed, and so have the rules. */
  async run(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#forget();
    this.#timer = setTimeout(() => void this.#forget(), AGAIN_MS).unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  async #forget(): Promise<void> {
    const { kernel, carried, pool } = this.#options;
    const range = parseCidr(pool() ?? '');
    if (!range) return;
    const stale = new Map<string, LedFlow>();
    for (const flow of await kernel.ledFlows(familyOf(range.text), 'udp')) {
      if (!range.contains(flow.vip)) continue;
      const backends = carried(placeText(flow))?.backends ?? [];
      const isThere = backends.some(
        ({ address }) => address.ip === flow.task && address.port === flow.taskPort,
      );
      if (!isThere) stale.set(`${placeText(flow)} ${formatHostPort(taskOf(flow))}`, flow);
    }
    for (const flow of stale.values()) await kernel.forgetFlows(flow);
  }
}

function taskOf({ task, taskPort }: LedFlow): { readonly ip: string; readonly port: number } {
  return { ip: task, port: taskPort };
}
