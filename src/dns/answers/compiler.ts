import { viewOf, type View } from '../../catalog/view.js';
import { watched } from '../../catalog/lookup-keys.js';
import type { Snapshot } from '../../catalog/snapshot.js';
import { ipBytes } from '../../net/ip.js';
import type { Upstream } from '../../net/upstream.js';
import { accept } from '../accept.js';
import type { Question, Resolution } from '../resolver.js';
import type { RandomBelow } from '../rotate.js';
import type { ForwardQuestion, ForwardResult } from '../forward/exchange.js';
import { CLASS, MAX_MESSAGE_SIZE, OPCODE, RCODE } from '../../wire/constants.js';
import type { Message } from '../../wire/message.js';
import { labelsOf, lowerCaseName } from '../../wire/name.js';
import type { Query } from '../../wire/query-message.js';
import { relayReply } from '../../wire/relay.js';
import { WISH } from './entry.js';
import { compileForms, compileWhole } from './forms.js';
import { KnownQueries, type KnownQuestion } from './known-queries.js';
import { Scopes } from './scopes.js';
import { slotOf, type Versions } from './versions.js';
import { Watch, watchedView, type Looked } from './watched-lookups.js';
import { answerEntry, clientEntry, type AnswerFields } from './write-entry.js';

/** The inputs of the compiler. Inputs that a reload replaces are functions. */
export interface CompilerOptions {
  readonly versions: Versions;
  readonly snapshot: () => Snapshot;
  /** The environment of clients without a known one. */
  readonly environment: () => string;
  /** Whether a client is answered, and without a rate limit. */
  readonly isServed: (snapshot: Snapshot, address: string) => boolean;
  readonly resolve: (snapshot: Snapshot, view: View, question: Question) => Resolution;
  /** The known answer for a foreign name, without asking an upstream. */
  readonly lookup?: (question: ForwardQuestion) => ForwardResult | undefined;
  /**
   * How long a denial is served without the zone being asked again, in seconds: while a source reads only what is asked
   * for, a name may come up without a change here. Undefined: until something changes.
   */
  readonly denialSeconds?: () => number | undefined;
  /**
   * The same for other answers of the zone: a source that reads only what is asked for wants to know what still is.
   * Changes do not prolong it. Undefined: the zone need not be asked again.
   */
  readonly answerSeconds?: () => number | undefined;
  /** Seconds of a monotonic clock of the process. */
  readonly now: () => number;
  readonly randomBelow?: RandomBelow;
  /** Receives an internal error. The query is still answered, as without compiled answers. */
  readonly onFault?: (error: unknown) => void;
}

/** Entries that answer a query the next time; each may be absent. */
export interface Compiled {
  readonly client?: Int32Array;
  readonly answer?: Int32Array;
}

/** The query for which to make an answer. */
type Wanted = Omit<KnownQuestion, 'scope'>;

/** An answer, and whether a change makes it again. */
interface Made extends Pick<AnswerFields, 'forms' | 'upstream' | 'life'> {
  readonly isRenewed: boolean;
}

const NOTHING: Compiled = {};

/**
 * The share of an upstream answer's lifetime in which the hot path serves it. After that the cache may want to refresh
 * it.
 */
const LIFE_SHARE = 0.9;

/** Denials that were requested once. Only a second request is worth an entry. */
const SEEN = 4096;

/**
 * Makes entries for the hot path. It asks the same zone and cache and writes with the same functions as for every other
 * reply, and records everything that the answer depends on.
 */
export class Compiler {
  readonly #options: CompilerOptions;
  readonly #randomBelow: RandomBelow;
  readonly #scopes: Scopes;
  readonly #seen = new Int32Array(SEEN);
  readonly #known = new KnownQueries();
  /** The slots that are about to change, while entries are made for the time after the change. */
  #changing: ReadonlySet<number> | 'all' | undefined;

  constructor(options: CompilerOptions) {
    this.#options = options;
    this.#randomBelow = options.randomBelow ?? ((bound) => Math.floor(Math.random() * bound));
    this.#scopes = new Scopes();
  }

  /** Never throws. @param address of the client, canonical */
  compile(packet: Uint8Array, address: string): Compiled {
    try {
      return this.#compile(packet, address);
    } catch (error) {
      this.#options.onFault?.(error);
      return NOTHING;
    }
  }

  #compile(packet: Uint8Array, address: string): Compiled {
    const snapshot = this.#options.snapshot();
    // While facts are still missing, no answer is final.
    if (!snapshot.loaded) return NOTHING;
    const verdict = accept(packet, 'udp');
    if (verdict.action !== 'query' || !isPlain(verdict.query)) return NOTHING;
    const known = this.#client(snapshot, address);
    if (!known) return NOTHING;
    const { question } = verdict.query;
    // The packet buffer is reused after this.
    const name = lowerCaseName(question.name);
    const wanted = { name, type: question.type, wishes: wishesOf(verdict.query), address };
    const answer = this.#answer(snapshot, known.view, wanted);
    return { client: known.entry, ...(answer && { answer }) };
  }

  /**
   * Makes entries that are about to expire again, in the form valid afterwards. Entries that no client requested lately
   * are skipped. Call this when the snapshot has the changes, but before they are published.
   */
  renew(changed: ReadonlySet<number> | 'all'): Int32Array[] {
    const snapshot = this.#options.snapshot();
    if (!snapshot.loaded) return [];
    const entries: Int32Array[] = [];
    const guarded = (make: () => Int32Array | undefined) => {
      try {
        const entry = make();
        if (entry) entries.push(entry);
      } catch (error) {
        this.#options.onFault?.(error);
      }
    };
    this.#changing = changed;
    const { clients, questions } = this.#known.take(changed);
    for (const address of clients) guarded(() => this.#client(snapshot, address)?.entry);
    const now = this.#options.now();
    for (const question of questions) {
      if (question.until !== undefined && question.until <= now) continue;
      guarded(() => {
        const view = this.#known.viewOf(question.address) ?? this.#client(snapshot, question.address)?.view;
        return view && this.#answer(snapshot, view, question);
      });
    }
    this.#changing = undefined;
    return entries;
  }

  #client(snapshot: Snapshot, address: string): { view: View; entry: Int32Array } | undefined {
    const { environment, isServed } = this.#options;
    const watch = new Watch(this.#options.versions, this.#changing);
    const seen = watched(snapshot, watch);
    if (!isServed(seen, address)) return undefined;
    const view = viewOf(seen, address, environment());
    const standing = watch.standing();
    if (!standing) return undefined;
    const scopes = { networks: this.#scopes.ofNetworks(view), own: this.#scopes.ofView(view) };
    this.#known.noteClient(address, view, standing.dependencies.keys());
    return { view, entry: clientEntry(ipBytes(address), scopes, standing) };
  }

  #answer(snapshot: Snapshot, view: View, wanted: Wanted): Int32Array | undefined {
    const { name, type, wishes } = wanted;
    const watch = new Watch(this.#options.versions, this.#changing);
    const looked: Looked = { own: false, identity: false };
    const seen = watched(snapshot, watch);
    const question = { name, labels: labelsOf(name), type };
    const resolution = this.#options.resolve(seen, watchedView(view, looked), question);
    if (looked.identity) return undefined;
    const made = this.#make(resolution, wanted);
    const standing = made && watch.standing();
    if (!standing) return undefined;
    const scope = looked.own ? this.#scopes.ofView(view) : this.#scopes.ofNetworks(view);
    const entry = answerEntry({ name, type, wishes, scope, ...made }, standing);
    // Answers of upstreams, and some denials, expire by themselves.
    if (entry && made.isRenewed) {
      const until = made.life?.expires;
      const question = { ...wanted, scope, ...(until !== undefined && { until }) };
      this.#known.noteQuestion(question, standing.dependencies.keys());
    }
    return entry;
  }

  #make(resolution: Resolution, wanted: Wanted): Made | undefined {
    const head = headOf(wanted);
    if (resolution.kind === 'forward' && head.rd) return this.#foreign(wanted, resolution.upstreams);
    if (resolution.kind !== 'answer' || resolution.ede || (resolution.chase && head.rd)) return undefined;
    const { rcode, aa, answers, authority, additionals } = resolution;
    if (rcode > 0xf || (rcode === RCODE.NXDOMAIN && !this.#isAgain(wanted.name))) return undefined;
    const body = { rcode, aa, ra: true, answers, authority, additionals };
    const forms = compileForms(head, body, this.#randomBelow);
    if (!forms) return undefined;
    const { denialSeconds, answerSeconds, now } = this.#options;
    const isDenial = rcode === RCODE.NXDOMAIN;
    const seconds = (isDenial ? denialSeconds : answerSeconds)?.();
    if (seconds === undefined) return { forms, upstream: false, isRenewed: true };
    const stored = Math.floor(now());
    const expires = (isDenial ? undefined : wanted.until) ?? stored + seconds;
    return { forms, upstream: false, isRenewed: !isDenial, life: { stored, expires, ttls: [] } };
  }

  #foreign(wanted: Wanted, upstreams: readonly Upstream[] | undefined): Made | undefined {
    const { lookup, now } = this.#options;
    const { name, type, wishes } = wanted;
    const head = headOf(wanted);
    const dnssecOk = (wishes & WISH.DO) !== 0;
    const result = lookup?.({
      name,
      type,
      dnssecOk,
      checkingDisabled: head.cd,
      marks: new Uint8Array(),
      ...(upstreams && { upstreams }),
    });
    if (!result?.ok || result.ede || result.message.rcode > 0xf) return undefined;
    // The OPT is written per client; here DO only affects AD.
    const wire = relayReply(result.message, { ...head, ad: head.ad || dnssecOk }, MAX_MESSAGE_SIZE);
    const compiled = compileWhole(new Uint8Array(wire));
    if (!compiled || compiled.forms.groups.length === 0) return undefined;
    const { forms, message } = compiled;
    const stored = Math.floor(now());
    const seconds = Math.floor(shortestTtl(message) * LIFE_SHARE);
    if (seconds < 1) return undefined;
    const all = [...message.answers, ...message.authority, ...message.additionals];
    const ttls = all.map(({ ttlAt, ttl }) => [ttlAt - message.questionsEnd, ttl] as const);
    return { forms, upstream: true, isRenewed: false, life: { stored, expires: stored + seconds, ttls } };
  }

  /** Whether a name was denied before, as far as remembered. Millions of invented names must not push out others. */
  #isAgain(name: Uint8Array): boolean {
    const hash = slotOf(Buffer.from(name).toString('latin1'));
    const place = hash % SEEN;
    if (this.#seen[place] === hash) return true;
    this.#seen[place] = hash;
    return false;
  }
}

/** The queries that the hot path can read: class IN, no options, version 0. */
function isPlain({ question, edns }: Query): boolean {
  return question.class === CLASS.IN && (!edns || (edns.version === 0 && edns.options.length === 0));
}

function wishesOf({ rd, ad, cd, edns }: Query): number {
  return (rd ? WISH.RD : 0) | (ad ? WISH.AD : 0) | (cd ? WISH.CD : 0) | (edns?.dnssecOk ? WISH.DO : 0);
}

/** Of the reply, without an OPT. */
function headOf({ name, type, wishes }: Wanted): Omit<Query, 'nameEnd'> {
  return {
    id: 0,
    opcode: OPCODE.QUERY,
    rd: (wishes & WISH.RD) !== 0,
    ad: (wishes & WISH.AD) !== 0,
    cd: (wishes & WISH.CD) !== 0,
    question: { name, type, class: CLASS.IN },
  };
}

/** The TTLs of the records that limit how long the answer is valid. */
function shortestTtl({ answers, authority }: Message): number {
  const ttls = [...answers, ...authority].map(({ ttl }) => ttl);
  return ttls.length === 0 ? 0 : Math.min(...ttls);
}
