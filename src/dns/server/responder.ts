import type { Exchange } from '../forward/exchange.js';
import { marksOf } from '../forward/loop-mark.js';
import { EDE, MAX_MESSAGE_SIZE, RCODE } from '../wire/constants.js';
import type { Edns } from '../wire/edns.js';
import { labelsOf, lowerCaseName } from '../wire/name.js';
import { copyQuery, type Query, type ReplyHead } from '../wire/query.js';
import { relayReply } from '../wire/relay.js';
import { composeReply, replyLimit, type ReplyBody } from '../wire/reply.js';
import { accept, type Transport } from './accept.js';
import { collectChain, isLoop } from './chain.js';
import {
  countQuery,
  countReply,
  createCounters,
  readCounters,
  type DnsCounters,
  type MutableCounters,
} from './counters.js';
import type { Resolution, Resolver } from './resolver.js';
import { rotateSets, type RandomBelow } from './rotate.js';

/** Who sent a packet: canonical address and port. */
export interface Client {
  readonly address: string;
  readonly port: number;
  readonly transport: Transport;
}

export interface ResponderOptions {
  readonly resolver: Resolver;
  /** Absent: what is not ours is refused. */
  readonly forwarder?: { readonly exchange: Exchange; isLoop(edns: Edns | undefined): boolean };
  /** Where the sets of an answer begin; random by default. */
  readonly randomBelow?: RandomBelow;
  /** Told of a fault of our own, such as a throw of the resolver; the client got SERVFAIL. */
  readonly onFault?: (error: unknown) => void;
}

/** What became of a packet. */
export interface Handled {
  /** Absent: silence. */
  readonly message?: Buffer;
  readonly source: 'own' | 'upstream';
}

export interface Responder {
  /**
   * The reply to a packet; undefined means silence. It comes at once when it needs nobody else. Never throws, never
   * rejects. The packet may be reused when the call returns.
   */
  respond(packet: Uint8Array, client: Client): Buffer | undefined | Promise<Buffer | undefined>;
  /** The same without counting, for looking at what a client would get. */
  preview(packet: Uint8Array, client: Client): Handled | Promise<Handled>;
  counters(): DnsCounters;
}

/** The rules that packets are answered by, the same for every transport. */
export function createResponder(options: ResponderOptions): Responder {
  const counters = createCounters();
  return {
    respond(packet, client) {
      counters.packets[client.transport]++;
      const handled = new Pipeline(options, counters).handle(packet, client);
      return handled instanceof Promise ? handled.then(({ message }) => message) : handled.message;
    },
    preview: (packet, client) => new Pipeline(options, createCounters()).handle(packet, client),
    counters: () => readCounters(counters),
  };
}

const SILENCE: Handled = { source: 'own' };

class Pipeline {
  readonly #options: ResponderOptions;
  readonly #counters: MutableCounters;
  readonly #randomBelow: RandomBelow;

  constructor(options: ResponderOptions, counters: MutableCounters) {
    this.#options = options;
    this.#counters = counters;
    this.#randomBelow = options.randomBelow ?? ((bound) => Math.floor(Math.random() * bound));
  }

  handle(packet: Uint8Array, client: Client): Handled | Promise<Handled> {
    // A reply to port 0 cannot be sent, and no resolver asks from there.
    if (client.port === 0) return this.#drop('source-port');
    const verdict = accept(packet, client.transport);
    switch (verdict.action) {
      case 'drop':
        return this.#drop(verdict.reason);
      case 'reply':
        return this.#compose(verdict.head, { rcode: verdict.rcode, ra: verdict.ra }, client.transport);
      case 'query':
        countQuery(this.#counters, verdict.query.question.type);
        return this.#answer(verdict.query, client);
    }
  }

  #answer(query: Query, client: Client): Handled | Promise<Handled> {
    const { transport } = client;
    try {
      if (this.#options.forwarder?.isLoop(query.edns)) {
        this.#counters.loops++;
        return this.#refuse(query, transport, { code: EDE.OTHER, text: 'forwarding loop' });
      }
      return this.#carryOut(this.#resolve(query, client), query, transport);
    } catch (error) {
      return this.#fault(error, query, transport);
    }
  }

  #resolve({ question }: Query, { address }: Client): Resolution {
    const name = lowerCaseName(question.name);
    return this.#options.resolver.resolve({ name, labels: labelsOf(name), type: question.type }, { address });
  }

  #carryOut(resolution: Resolution, query: Query, transport: Transport): Handled | Promise<Handled> {
    switch (resolution.kind) {
      case 'drop':
        return this.#drop('policy');
      case 'refuse':
        return this.#refuse(query, transport, resolution.ede);
      case 'forward': {
        // Recursion that was not asked for would tell a client what others looked up (cache snooping).
        if (!query.rd) return this.#refuse(query, transport, { code: EDE.NOT_AUTHORITATIVE });
        const kept = copyQuery(query);
        return this.#forward(kept, transport).catch((error: unknown) => this.#fault(error, kept, transport));
      }
      case 'answer': {
        if (!resolution.chase || !query.rd) return this.#own(query, resolution, transport);
        const kept = copyQuery(query);
        const chased = this.#chase(kept, resolution, resolution.chase, transport);
        return chased.catch((error: unknown) => this.#fault(error, kept, transport));
      }
    }
  }

  /** A fault of ours costs one query its answer, and nothing else. */
  #fault(error: unknown, query: Query, transport: Transport): Handled {
    this.#counters.faults++;
    this.#options.onFault?.(error);
    return this.#compose(query, { rcode: RCODE.SERVFAIL, ra: true }, transport);
  }

  #own(query: Query, resolution: Extract<Resolution, { kind: 'answer' }>, transport: Transport): Handled {
    const { rcode, aa, authority, additionals, ede } = resolution;
    const answers = rotateSets(resolution.answers, this.#randomBelow);
    return this.#compose(query, { rcode, aa, ra: true, answers, authority, additionals, ede }, transport);
  }

  async #forward(query: Query, transport: Transport): Promise<Handled> {
    const result = await this.#exchange(query, lowerCaseName(query.question.name));
    if (!result.ok)
      return this.#compose(query, { rcode: result.rcode, ra: true, ede: result.ede }, transport, 'upstream');
    const message = relayReply(result.message, query, replyLimit(transport, query.edns), result.ede);
    return this.#done(message, result.message.rcode, 'upstream');
  }

  async #chase(
    query: Query,
    own: Extract<Resolution, { kind: 'answer' }>,
    target: Uint8Array,
    transport: Transport,
  ): Promise<Handled> {
    const result = await this.#exchange(query, lowerCaseName(target));
    // A chain without its end would be taken for a name without addresses.
    if (!result.ok) {
      return this.#compose(
        query,
        { rcode: RCODE.SERVFAIL, ra: true, ede: result.ede },
        transport,
        'upstream',
      );
    }
    const { message } = result;
    const found = collectChain(message, target, query.question.type, query.edns?.dnssecOk === true);
    const answers = [...own.answers, ...found];
    if (isLoop(answers)) {
      const ede = { code: EDE.OTHER, text: 'CNAME loop' };
      return this.#compose(query, { rcode: RCODE.SERVFAIL, ra: true, ede }, transport, 'upstream');
    }
    const body = {
      rcode: message.rcode,
      aa: own.aa,
      ra: true,
      answers,
      authority: found.some(({ type }) => type === query.question.type) ? [] : message.authority,
    };
    return this.#compose(query, body, transport, 'upstream');
  }

  async #exchange({ question, cd, edns }: Query, name: Uint8Array): ReturnType<Exchange> {
    this.#counters.forwarded++;
    if (!this.#options.forwarder) {
      return { ok: false, rcode: RCODE.REFUSED, ede: { code: EDE.NOT_AUTHORITATIVE } };
    }
    return this.#options.forwarder.exchange({
      name,
      type: question.type,
      dnssecOk: edns?.dnssecOk === true,
      checkingDisabled: cd,
      marks: marksOf(edns),
    });
  }

  #refuse(query: Query, transport: Transport, ede?: ReplyBody['ede']): Handled {
    return this.#compose(query, { rcode: RCODE.REFUSED, ra: true, ede }, transport);
  }

  #compose(
    head: ReplyHead,
    body: ReplyBody,
    transport: Transport,
    source: Handled['source'] = 'own',
  ): Handled {
    const limit = replyLimit(transport, head.edns);
    const reply = composeReply(head, body, limit);
    if (reply.truncated && limit === MAX_MESSAGE_SIZE) {
      const ede = { code: EDE.OTHER, text: 'answer is larger than a message can be' };
      return this.#compose(head, { rcode: RCODE.SERVFAIL, ra: true, ede }, transport, source);
    }
    return this.#done(reply.message, body.rcode, source);
  }

  #done(message: Buffer, rcode: number, source: Handled['source']): Handled {
    countReply(this.#counters, rcode);
    if (((message[2] ?? 0) & 0x02) !== 0) this.#counters.truncated++;
    return { message, source };
  }

  #drop(reason: keyof MutableCounters['dropped']): Handled {
    this.#counters.dropped[reason]++;
    return SILENCE;
  }
}
