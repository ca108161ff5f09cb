import type { ForwardResult } from '../forward/exchange.js';
import type { Upstream } from '../../net/upstream.js';
import { readU16 } from '../../wire/bytes.js';
import { EDE, FLAG, MAX_MESSAGE_SIZE, RCODE } from '../../wire/constants.js';
import type { EdnsOption } from '../../wire/edns.js';
import { labelsOf, lowerCaseName, type DnsName } from '../../wire/name.js';
import { copyQuery, type Query, type ReplyHead } from '../../wire/query-message.js';
import { relayReply } from '../../wire/relay.js';
import { composeReply, replyLimit, truncatedReply, type ReplyBody } from '../../wire/reply.js';
import { accept } from '../accept.js';
import { finishChain } from './chain.js';
import type { CookieState, ServerCookies } from './cookies.js';
import { countQuery, countReply, type MutableCounters } from './counters.js';
import { Forwards, MAX_FORWARDS_PER_CLIENT } from './forwards.js';
import {
  drawLookers,
  isTruncated,
  isWanted,
  queryLogEntry,
  type LoggedReply,
  type Lookers,
  type QueryLogOptions,
  type QueryPrivacy,
} from './query-log.js';
import { RateLimiter } from './rate-limit.js';
import { answerOptions, nsidOf } from './reply-options.js';
import type { Resolution } from '../resolver.js';
import type { Client, Handled } from './query-client.js';
import type { ResponderOptions, ResponderTuning } from './responder-options.js';
import { rotateSets } from '../rotate.js';

type Own = Extract<Resolution, { kind: 'answer' }>;

type GoOn = (query: Query, result: ForwardResult) => Handled;

/** What is known about a packet's sender, kept until the reply. */
interface Asker {
  readonly client: Client;
  /** Options for the OPT of the reply. */
  readonly options: readonly EdnsOption[];
  readonly cookie: CookieState | undefined;
  /** Who looks at the reply; undefined: no one does. */
  readonly looked: Looked | undefined;
}

interface Looked extends Lookers {
  /** When the packet arrived, in ms. */
  readonly started: number;
  /** What is known of an answer from elsewhere. */
  isCached?: boolean;
  upstream?: Upstream;
}

const SILENCE: Handled = { source: 'own' };

/** Processes a packet and produces its reply. */
export class Pipeline {
  readonly #options: ResponderOptions & { readonly cookies: ServerCookies };
  readonly #counters: MutableCounters;
  readonly #randomBelow: (bound: number) => number;
  readonly #random: () => number;
  readonly #now: () => number;
  readonly #forwards: Forwards;
  #limiter: RateLimiter | undefined;
  #log: QueryLogOptions | undefined;
  #privacy: QueryPrivacy = 'off';
  #answered: Parameters<typeof answerOptions>[2];

  constructor(options: ResponderOptions & { readonly cookies: ServerCookies }, counters: MutableCounters) {
    this.#options = options;
    this.#counters = counters;
    this.#randomBelow = options.randomBelow ?? ((bound) => Math.floor(Math.random() * bound));
    this.#random = options.random ?? Math.random;
    this.#now = options.now ?? (() => performance.now());
    this.#forwards = new Forwards(options.forwarder, counters);
    this.#answered = { cookies: options.cookies };
  }

  tune({
    rateLimit,
    queryLog,
    privacy = 'off',
    nsid,
    maxForwardsPerClient = MAX_FORWARDS_PER_CLIENT,
  }: ResponderTuning): void {
    this.#answered = {
      cookies: this.#options.cookies,
      ...(nsid !== undefined && { nsid: nsidOf(nsid) }),
    };
    this.#limiter = rateLimit && new RateLimiter(rateLimit, this.#now);
    this.#log = queryLog;
    this.#privacy = privacy;
    this.#forwards.maxPerClient = maxForwardsPerClient;
  }

  handle(packet: Uint8Array, client: Client): Handled | Promise<Handled> {
    // A reply cannot be sent to port 0, and no resolver uses that port.
    if (client.port === 0) return this.#drop('source-port');
    try {
      const verdict = accept(packet, client.transport);
      if (verdict.action !== 'query' && this.#options.resolver.serves?.(client) === false) {
        return this.#drop(verdict.action === 'drop' ? verdict.reason : 'policy');
      }
      switch (verdict.action) {
        case 'drop':
          return this.#drop(verdict.reason);
        case 'reply': {
          const { head, rcode, ra } = verdict;
          return this.#compose(this.#asker(head, client), head, { rcode, ra });
        }
        case 'cookie': {
          const asker = this.#asker(verdict.head, client);
          const rcode = asker.cookie === 'invalid' ? RCODE.BADCOOKIE : RCODE.NOERROR;
          return this.#compose(asker, verdict.head, { rcode, ra: true });
        }
        case 'query':
          countQuery(this.#counters, verdict.query.question.type);
          return this.#answer(verdict.query, this.#asker(verdict.query, client));
      }
    } catch (error) {
      this.#note(error);
      return SILENCE;
    }
  }

  #asker(head: ReplyHead, client: Client): Asker {
    const { options, cookie } = answerOptions(head.edns, client, this.#answered);
    if (cookie !== undefined) this.#counters.cookies[cookie]++;
    return { client, options, cookie, looked: this.#look(client.sampled) };
  }

  #look(sampled: boolean | undefined): Looked | undefined {
    const log = this.#log ? (this.#log.sample ?? 1) : 0;
    const watch = this.#options.watch?.share ?? 0;
    if (log === 0 && watch === 0) return undefined;
    const lookers = drawLookers({ log, watch }, sampled, this.#random);
    return lookers && { ...lookers, started: this.#now() };
  }

  #answer(query: Query, asker: Asker): Handled | Promise<Handled> {
    try {
      if (this.#options.forwarder?.isLoop(query.edns)) {
        this.#counters.loops++;
        return this.#refuse(query, asker, { code: EDE.OTHER, text: 'forwarding loop' });
      }
      return this.#carryOut(this.#resolve(query, asker.client), query, asker);
    } catch (error) {
      return this.#fault(error, query, asker);
    }
  }

  #resolve({ question }: Query, { address }: Client, hasWaited = false): Resolution {
    const name = lowerCaseName(question.name);
    const client = hasWaited ? { address, hasWaited } : { address };
    return this.#options.resolver.resolve({ name, labels: labelsOf(name), type: question.type }, client);
  }

  #carryOut(resolution: Resolution, query: Query, asker: Asker): Handled | Promise<Handled> {
    switch (resolution.kind) {
      case 'await':
        return this.#again(resolution.until, copyQuery(query), asker);
      case 'drop':
        return this.#drop('policy');
      case 'refuse':
        return this.#refuse(query, asker, resolution.ede);
      case 'forward':
        // Answering a query without RD would reveal what others looked up (cache snooping).
        if (!query.rd) return this.#refuse(query, asker, { code: EDE.NOT_AUTHORITATIVE });
        return this.#upstream(query, asker, query.question.name, resolution.upstreams, (asked, result) =>
          this.#relay(asked, asker, result),
        );
      case 'answer': {
        const { chase } = resolution;
        if (!chase || !query.rd) return this.#own(query, resolution, asker);
        return this.#upstream(query, asker, chase, resolution.upstreams, (asked, result) =>
          this.#append(asked, asker, resolution, chase, result),
        );
      }
    }
  }

  async #again(until: Promise<void>, query: Query, asker: Asker): Promise<Handled> {
    try {
      await until;
      return await this.#carryOut(this.#resolve(query, asker.client, true), query, asker);
    } catch (error) {
      return this.#fault(error, query, asker);
    }
  }

  #own(query: Query, resolution: Own, asker: Asker): Handled {
    const { rcode, aa, authority, additionals, ede, wildcard } = resolution;
    const answers = rotateSets(resolution.answers, this.#randomBelow);
    const body = { rcode, aa, ra: true, answers, authority, additionals, ede };
    return this.#compose(asker, query, body, 'own', wildcard);
  }

  /**
   * Continues with the upstream's answer for a name. A known answer is used at once; otherwise a copy of the query
   * waits for it.
   */
  #upstream(
    query: Query,
    asker: Asker,
    name: DnsName,
    upstreams: readonly Upstream[] | undefined,
    goOn: GoOn,
  ): Handled | Promise<Handled> {
    const result = this.#forwards.ask(query, name, asker.client.address, upstreams);
    if (asker.looked) asker.looked.isCached = !(result instanceof Promise) && result.ok;
    return result instanceof Promise
      ? this.#wait(result, copyQuery(query), asker, goOn)
      : goOn(query, result);
  }

  async #wait(result: Promise<ForwardResult>, query: Query, asker: Asker, goOn: GoOn): Promise<Handled> {
    try {
      return goOn(query, await result);
    } catch (error) {
      return this.#fault(error, query, asker);
    }
  }

  #relay(query: Query, asker: Asker, result: ForwardResult): Handled {
    noteUpstream(asker, result);
    if (!result.ok) {
      return this.#compose(asker, query, { rcode: result.rcode, ra: true, ede: result.ede }, 'upstream');
    }
    const { rcode } = result.message;
    const held = this.#hold(asker, query, { rcode, ra: true }, 'upstream');
    if (held) return held;
    const limit = replyLimit(asker.client.transport, query.edns);
    const message = relayReply(result.message, query, limit, { ede: result.ede, options: asker.options });
    if (isTruncated(message) && limit === MAX_MESSAGE_SIZE)
      return this.#whatFits(asker, query, message, rcode, 'upstream');
    return this.#done(asker, query, message, rcode, 'upstream');
  }

  #append(query: Query, asker: Asker, own: Own, target: DnsName, result: ForwardResult): Handled {
    noteUpstream(asker, result);
    // A client would take a chain without its end for a name without addresses.
    const body = result.ok
      ? finishChain({ own, message: result.message, ede: result.ede }, query)
      : { rcode: RCODE.SERVFAIL, ra: true, ede: result.ede };
    return this.#compose(asker, query, body, 'upstream');
  }

  #refuse(query: Query, asker: Asker, ede?: ReplyBody['ede']): Handled {
    return this.#compose(asker, query, { rcode: RCODE.REFUSED, ra: true, ede });
  }

  #compose(
    asker: Asker,
    head: ReplyHead,
    body: ReplyBody,
    source: Handled['source'] = 'own',
    wildcard?: DnsName,
  ): Handled {
    const held = this.#hold(asker, head, body, source, wildcard);
    if (held) return held;
    const limit = replyLimit(asker.client.transport, head.edns);
    const reply = composeReply(head, body, limit, asker.options);
    if (reply.truncated && limit === MAX_MESSAGE_SIZE)
      return this.#whatFits(asker, head, reply.message, body.rcode, source);
    return this.#done(asker, head, reply.message, body.rcode, source);
  }

  /**
   * A TCP client cannot retry over anything else, so it gets what fits, without TC. For our own names each reply
   * contains a different part. An empty reply would look like a name without data.
   */
  #whatFits(
    asker: Asker,
    head: ReplyHead,
    message: Buffer,
    rcode: number,
    source: Handled['source'],
  ): Handled {
    if (readU16(message, 6) > 0) {
      message.writeUInt16BE(readU16(message, 2) & ~FLAG.TC, 2);
      return this.#done(asker, head, message, rcode, source);
    }
    const ede = { code: EDE.OTHER, text: 'the answer does not fit into a message' };
    const body = { rcode: RCODE.SERVFAIL, ra: true, ede };
    const reply = composeReply(head, body, MAX_MESSAGE_SIZE, asker.options);
    return this.#done(asker, head, reply.message, body.rcode, source);
  }

  /** Applies the rate limit to a reply. Undefined if the reply may be sent as it is. */
  #hold(
    asker: Asker,
    head: ReplyHead,
    { rcode, ra, authority }: ReplyBody,
    source: Handled['source'],
    wildcard?: DnsName,
  ): Handled | undefined {
    const limiter = this.#limiter;
    const { address, transport } = asker.client;
    // A valid cookie of ours proves that the address is not forged.
    if (!limiter || transport !== 'udp' || asker.cookie === 'valid' || limiter.isExempt(address)) {
      return undefined;
    }
    const kind = { rcode, source, name: head.question?.name, wildcard, zone: authority?.[0]?.owner };
    const verdict = limiter.check(address, kind);
    if (verdict === 'send') return undefined;
    if (verdict === 'drop') return this.#drop('rate-limit');
    this.#counters.slipped++;
    const message = truncatedReply(head, { rcode, ra }, asker.options);
    return this.#done(asker, head, message, rcode, source);
  }

  #done(
    { client, looked }: Asker,
    { question }: ReplyHead,
    message: Buffer,
    rcode: number,
    source: Handled['source'],
  ): Handled {
    countReply(this.#counters, rcode);
    if (isTruncated(message)) this.#counters.truncated++;
    if (looked) {
      const { started, isCached = false, upstream } = looked;
      const ms = this.#now() - started;
      this.#show({ client, question, rcode, source, isCached, upstream, message, ms }, looked);
    }
    return { message, source };
  }

  /** A failing log must not cost a client its answer. */
  #show(reply: LoggedReply, { log, watch }: Lookers): void {
    try {
      if (watch) this.#options.watch?.see(reply);
      if (log && this.#log && isWanted(this.#log, reply.rcode, reply.message))
        this.#log.write(queryLogEntry(reply, this.#privacy));
    } catch (error) {
      this.#note(error);
    }
  }

  #drop(reason: keyof MutableCounters['dropped']): Handled {
    this.#counters.dropped[reason]++;
    return SILENCE;
  }

  /** A fault of ours costs one query its answer and nothing else. */
  #fault(error: unknown, query: Query, { client, options }: Asker): Handled {
    this.#note(error);
    const limit = replyLimit(client.transport, query.edns);
    const { message } = composeReply(query, { rcode: RCODE.SERVFAIL, ra: true }, limit, options);
    countReply(this.#counters, RCODE.SERVFAIL);
    return { message, source: 'own' };
  }

  #note(error: unknown): void {
    this.#counters.faults++;
    this.#options.onFault?.(error);
  }
}

function noteUpstream({ looked }: Asker, result: ForwardResult): void {
  if (looked && result.ok) looked.upstream = result.upstream;
}
