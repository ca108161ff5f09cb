import type { ForwardQuestion, ForwardResult } from '../forward/exchange.js';
import { marksOf } from '../forward/loop-mark.js';
import type { Upstream } from '../../net/upstream.js';
import { EDE, RCODE } from '../../wire/constants.js';
import { lowerCaseName, type DnsName } from '../../wire/name.js';
import type { Query } from '../../wire/query-message.js';
import type { MutableCounters } from './counters.js';
import { InFlight } from './in-flight.js';
import type { ResponderForwarder } from './responder-options.js';

const OVERLOADED: ForwardResult = {
  ok: false,
  rcode: RCODE.SERVFAIL,
  ede: { code: EDE.OTHER, text: 'this client has too many queries waiting' },
};

const NO_FORWARDER: ForwardResult = {
  ok: false,
  rcode: RCODE.REFUSED,
  ede: { code: EDE.NOT_AUTHORITATIVE },
};

/** The default. An honest client never has this many pending queries. */
export const MAX_FORWARDS_PER_CLIENT = 100;

/** Passes clients' queries to the forwarder, with a limit on the pending queries of each client. */
export class Forwards {
  /** How many queries of one address may wait for upstreams. */
  maxPerClient = MAX_FORWARDS_PER_CLIENT;
  readonly #forwarder: ResponderForwarder | undefined;
  readonly #counters: MutableCounters;
  readonly #waiting = new InFlight();

  constructor(forwarder: ResponderForwarder | undefined, counters: MutableCounters) {
    this.#forwarder = forwarder;
    this.#counters = counters;
  }

  /**
   * Asks for a name with the type and flags of a query. The packet may be reused when the call returns.
   * @param address of the client
   * @returns the result itself if no server has to be asked
   */
  ask(
    query: Query,
    name: DnsName,
    address: string,
    upstreams: readonly Upstream[] | undefined,
  ): ForwardResult | Promise<ForwardResult> {
    this.#counters.forwarded++;
    const forwarder = this.#forwarder;
    if (!forwarder) return NO_FORWARDER;
    const question: ForwardQuestion = {
      name: lowerCaseName(name),
      type: query.question.type,
      dnssecOk: query.edns?.dnssecOk === true,
      checkingDisabled: query.cd,
      // Copied, because the exchange may keep it.
      marks: new Uint8Array(marksOf(query.edns)),
      ...(upstreams && { upstreams }),
    };
    const known = forwarder.lookup?.(question);
    if (known) return known;
    if (!this.#waiting.enter(address, this.maxPerClient)) {
      this.#counters.overloads++;
      return OVERLOADED;
    }
    return this.#wait(forwarder, question, address);
  }

  async #wait(
    forwarder: ResponderForwarder,
    question: ForwardQuestion,
    address: string,
  ): Promise<ForwardResult> {
    try {
      return await forwarder.exchange(question);
    } finally {
      this.#waiting.leave(address);
    }
  }
}
