import { familyOf } from '../../linux/nft-table.js';
import { parseCidr } from '../../net/ip.js';
import type { KernelHost } from './kernel-host.js';

/** Nothing waits for this but settings of the host. */
const LOOK_MS = 2000;

/** Waits for the connections that the kernel still leads although no rule leads new ones. */
export class LedFlows {
  readonly #kernel: Pick<KernelHost, 'ledFlows'>;
  #timer: NodeJS.Timeout | undefined;
  #end: () => void = () => undefined;

  constructor(kernel: Pick<KernelHost, 'ledFlows'>) {
    this.#kernel = kernel;
  }

  /** Resolves when there are none to addresses of a pool any more, or after {@link stop}. @param pool CIDR */
  ended(pool: string): Promise<void> {
    return new Promise((resolve) => {
      this.#end = resolve;
      void this.#look(pool);
    });
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#end();
  }

  async #look(pool: string): Promise<void> {
    const range = parseCidr(pool);
    const flows = await this.#kernel.ledFlows(familyOf(pool));
    if (flows.some(({ vip }) => range?.contains(vip)))
      this.#timer = setTimeout(() => void this.#look(pool), LOOK_MS).unref();
    else this.#end();
  }
}
