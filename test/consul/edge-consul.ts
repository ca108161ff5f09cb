import type { QueryTimers } from '../../src/consul/blocking-query.js';
import { ConsulError, type ConsulAnswer, type RequestOptions } from '../../src/consul/consul-client.js';

/** How an agent fails: nothing listens; errors; an election; requests that are answered only when it is back. */
export type Fault = 'refused' | 'errors' | 'no-leader' | 'silent';

/** An agent's HTTP API in held time: no sockets, and every way to be away. */
export class EdgeConsul {
  readonly address = 'http://consul.test:8500';
  /** When each request came. */
  readonly requests: number[] = [];
  readonly #timers: QueryTimers;
  readonly #waiting = new Set<() => void>();
  readonly #services = new Map<string, { readonly addresses: readonly string[]; readonly index: bigint }>();
  #index = 100n;
  #fault: Fault | undefined;

  constructor(timers: QueryTimers) {
    this.#timers = timers;
  }

  /** Makes the catalog have these services, with instances at these addresses. */
  have(services: Readonly<Record<string, readonly string[]>>): void {
    for (const name of this.#services.keys()) if (!(name in services)) this.#services.delete(name);
    for (const [name, addresses] of Object.entries(services)) {
      if (this.#services.get(name)?.addresses.join() === addresses.join()) continue;
      this.#services.set(name, { addresses, index: ++this.#index });
    }
    this.#index++;
    this.#wake();
  }

  fail(fault: Fault): void {
    this.#fault = fault;
    this.#wake();
  }

  /** It answers again. @param index where its index begins: another server, or a snapshot that was restored */
  recover(index?: bigint): void {
    this.#fault = undefined;
    if (index !== undefined) {
      this.#index = index;
      for (const [name, { addresses }] of this.#services) this.#services.set(name, { addresses, index });
    }
    this.#wake();
  }

  renewSecrets(): void {
    // It has none.
  }

  close(): void {
    this.#wake();
  }

  async get(path: string, { query, timeout = 10_000, signal }: RequestOptions = {}): Promise<ConsulAnswer> {
    this.requests.push(this.#timers.now());
    const until = this.#timers.now() + timeout;
    for (;;) {
      if (signal?.aborted) throw new ConsulError('stopped');
      if (this.#timers.now() >= until)
        throw new ConsulError(`${this.address}: no answer within ${timeout / 1000} s`);
      const answer = this.#answer(path, BigInt(query?.['index'] ?? 0));
      if (answer) return answer;
      await this.#change(until - this.#timers.now(), signal);
    }
  }

  #answer(path: string, waited: bigint): ConsulAnswer | undefined {
    if (this.#fault === 'refused') throw new ConsulError(`${this.address}: connect ECONNREFUSED`);
    if (this.#fault === 'errors')
      throw new ConsulError(`${this.address}/v1${path}: No cluster leader (HTTP 500)`, 500);
    if (this.#fault === 'silent') return undefined;
    const isList = path === '/catalog/services';
    const name = isList ? '' : decodeURIComponent(path.replace('/health/service/', ''));
    const service = this.#services.get(name);
    const index = service?.index ?? this.#index;
    if (this.#fault === 'no-leader') return { body: isList ? {} : [], index, knownLeader: false };
    if (waited !== 0n && index === waited) return undefined;
    const list = { consul: [], ...Object.fromEntries([...this.#services.keys()].map((each) => [each, []])) };
    const instances = (service?.addresses ?? []).map((Address, at) => ({
      Node: { Node: 'n1', Address: '192.0.2.1', Datacenter: 'dc1' },
      Service: { ID: `${name}-${at}`, Service: name, Address, Port: 80, Tags: [], Meta: {} },
      Checks: [],
    }));
    return { body: isList ? list : instances, index, knownLeader: true };
  }

  async #change(atMost: number, signal: AbortSignal | undefined): Promise<void> {
    await new Promise<void>((resolve) => {
      const end = (): void => {
        cancel();
        this.#waiting.delete(end);
        signal?.removeEventListener('abort', end);
        resolve();
      };
      const cancel = this.#timers.after(atMost, end);
      signal?.addEventListener('abort', end, { once: true });
      this.#waiting.add(end);
    });
  }

  #wake(): void {
    for (const end of [...this.#waiting]) end();
  }
}
