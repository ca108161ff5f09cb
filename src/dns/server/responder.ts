import type { Client, Handled } from './query-client.js';
import { createServerCookies } from './cookies.js';
import { createCounters, readCounters, type DnsCounters } from './counters.js';
import { Pipeline } from './pipeline.js';
import type { ResponderOptions, ResponderTuning } from './responder-options.js';

export interface Responder {
  /**
   * The reply to a packet; undefined means silence. It is immediate if no other server is needed. Never throws, never
   * rejects. The packet may be reused when the call returns.
   */
  respond(packet: Uint8Array, client: Client): Buffer | undefined | Promise<Buffer | undefined>;
  /** The same without counting, limiting and logging, to see what a client would get. */
  preview(packet: Uint8Array, client: Client): Handled | Promise<Handled>;
  /** Replaces all tuning options and resets the rate limit's memory. @throws Error when `nsid` is too long */
  tune(tuning: ResponderTuning): void;
  counters(): DnsCounters;
}

/**
 * Creates the responder: the same rules for every transport.
 * @throws Error with one line when `nsid` is empty or too long
 */
export function createResponder(options: ResponderOptions): Responder {
  const counters = createCounters();
  const shared = { ...options, cookies: options.cookies ?? createServerCookies() };
  const pipeline = new Pipeline(shared, counters);
  pipeline.tune(options);
  let { nsid } = options;
  return {
    respond(packet, client) {
      counters.packets[client.transport]++;
      const handled = pipeline.handle(packet, client);
      return handled instanceof Promise ? handled.then(({ message }) => message) : handled.message;
    },
    preview(packet, client) {
      const silent = new Pipeline({ ...shared, watch: undefined }, createCounters());
      silent.tune({ nsid });
      return silent.handle(packet, client);
    },
    tune(tuning) {
      pipeline.tune(tuning);
      nsid = tuning.nsid;
    },
    counters: () => readCounters(counters),
  };
}
