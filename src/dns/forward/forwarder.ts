import { randomBytes } from 'node:crypto';
import type { HostPort } from '../../net/ip.js';
import { formatUpstream, type Upstream } from '../../net/upstream.js';
import { EDE, RCODE } from '../../wire/constants.js';
import type { Edns } from '../../wire/edns.js';
import { isAtOrBelow, labelCount, type DnsName } from '../../wire/name.js';
import { askUpstream } from './ask-upstream.js';
import { checkAuthorities } from './authorities.js';
import type { Exchange, ForwardQuestion, ForwardResult } from './exchange.js';
import type { UpstreamStatus } from './upstream-health.js';
import { createLoopMark } from './loop-mark.js';
import { Peers, type Peer } from './peers.js';
import { questionKey } from './question-key.js';
import { raceUpstreams, type RaceTimes } from './race.js';
import { createRandomIds } from './random-id.js';
import { createRebindFilter, type RebindOptions } from './rebind.js';
import { isHostAddress, isOwnAddress } from './system-upstreams.js';
import { createRoutes, type Route } from './upstream-routes.js';
import { scrubReply, withoutData } from './scrub.js';
import type { Log } from '../../net/log.js';

export interface ForwarderOptions {
  /** In the order in which to ask them. */
  readonly upstreams: readonly Upstream[];
  /**
   * Maps a suffix to the upstreams for names at and below it. The longest suffix wins. An empty list refuses such
   * names. `.` stands for all other names and replaces `upstreams`.
   */
  readonly forward?: ReadonlyMap<string, readonly Upstream[]>;
  /** Certificate authorities for upstreams over TLS (PEM). They replace those that Node.js trusts. */
  readonly ca?: string;
  /** The addresses on which this process itself listens. */
  readonly listen: readonly HostPort[];
  /** Lower-case names that never go upstream, including all names below them. */
  readonly ownNames: readonly DnsName[];
  /** Withholds private addresses. If undefined, nothing is withheld. */
  readonly rebind?: RebindOptions;
  readonly log?: Pick<Log, 'warn'>;
  /** In ms. By default the next upstream is asked after 1000, and the forwarder gives up after 3500. */
  readonly times?: RaceTimes;
  /** How many clients may wait at the same time; 1000 by default. Further queries are refused at once. */
  readonly maxInFlight?: number;
  /** Monotonic clock in ms. */
  readonly now?: () => number;
}

export interface ForwarderCounters {
  /** Questions sent to upstreams. Fewer than the clients' questions if several clients asked the same. */
  readonly flights: number;
  /** Questions that joined an identical pending one. */
  readonly joined: number;
  /** Questions that no upstream answered. */
  readonly failures: number;
  /** Questions refused because too many were waiting. */
  readonly overloads: number;
  /** Answers withheld because they contained a private address. */
  readonly filtered: number;
}

export interface ForwarderStatus {
  /** The default route, whose suffix is `.`, comes first. */
  readonly routes: readonly { readonly suffix: string; readonly upstreams: readonly UpstreamStatus[] }[];
  /** The upstreams of clients, the last used first. */
  readonly clients: readonly UpstreamStatus[];
}

export interface Forwarder {
  readonly exchange: Exchange;
  /** Whether a query has looped, that is, passed this process before. */
  isLoop(edns: Edns | undefined): boolean;
  status(): ForwarderStatus;
  counters(): ForwarderCounters;
  /** Closes the connections that are kept open. A later question opens new ones. */
  close(): void;
}

const DEFAULT_TIMES: RaceTimes = { hedge: 1000, deadline: 3500 };
const DEFAULT_MAX_IN_FLIGHT = 1000;
/** The number that the C libraries read from a resolv.conf. */
const MAX_CLIENT_UPSTREAMS = 3;

/**
 * Asks upstream servers for names outside the domain.
 * @throws Error when an upstream is one of our own addresses, when a suffix or an allowed name is not a domain name, or
 * when `ca` contains no authority
 */
export function createForwarder(options: ForwarderOptions): Forwarder {
  const { upstreams, listen, ownNames, times = DEFAULT_TIMES, forward = new Map(), ca } = options;
  const { maxInFlight = DEFAULT_MAX_IN_FLIGHT, now = () => performance.now() } = options;
  const log = options.log ?? { warn: () => undefined };
  const routes = createRoutes(upstreams, forward);
  const isSelf = (upstream: Upstream): boolean => isOwnAddress(upstream, listen);
  for (const route of routes.all) refuseLoop(route, isSelf);
  if (ca !== undefined) checkAuthorities(ca);
  const rebind = options.rebind && createRebindFilter(options.rebind, log, now);
  const mark = createLoopMark(randomBytes(8));
  const context = { mark, nextId: createRandomIds() };
  const peers = new Peers({
    ...context,
    now,
    cookieKey: randomBytes(16),
    isRefused: (upstream) => isSelf(upstream) || isHostAddress(upstream.ip),
    ...(ca !== undefined && { ca }),
  });
  const peersOf = new Map(
    routes.all.map((route) => [route, route.upstreams.map((each) => peers.configured(each))]),
  );
  const flights = new Map<string, Promise<ForwardResult>>();
  const counters = { flights: 0, joined: 0, failures: 0, overloads: 0, filtered: 0 };
  let waiting = 0;

  /**
   * Removes what must not be passed on from a reply. A forwarded suffix, or a client's own server, implies that its
   * private addresses are wanted.
   */
  const inspect = (
    result: Extract<ForwardResult, { ok: true }>,
    question: ForwardQuestion,
    isPublic: boolean,
  ): ForwardResult => {
    const scrubbed = scrubReply(result.message, question, ownNames);
    if (!scrubbed.ok) return failed(RCODE.SERVFAIL, EDE.OTHER, FAULT_TEXT[scrubbed.fault]);
    const { message } = scrubbed;
    if (!isPublic || !rebind?.blocks(question.name, message, result.upstream)) return { ...result, message };
    counters.filtered++;
    const ede = { code: EDE.FILTERED, text: 'private address' };
    return { ...result, message: withoutData(message), ede };
  };

  const launch = async (
    key: string,
    question: ForwardQuestion,
    route: Route,
    own: readonly Peer[],
  ): Promise<ForwardResult> => {
    counters.flights++;
    try {
      const order = new Set([...own, ...(peersOf.get(route) ?? [])]);
      const result = await raceUpstreams(
        [...order],
        (peer, signal) => askUpstream(peer, question, context, signal),
        times,
      );
      if (!result.ok) {
        counters.failures++;
        return result;
      }
      const isPublic = route.text === '.' && !own.some(({ upstream }) => upstream === result.upstream);
      return inspect(result, question, isPublic);
    } finally {
      flights.delete(key);
    }
  };

  const exchange: Exchange = async (question) => {
    const { name } = question;
    const route = routes.find(name);
    const isApex = route.suffix.length === name.length;
    if ((labelCount(name) === 1 && !isApex) || ownNames.some((each) => isAtOrBelow(name, each))) {
      return failed(RCODE.REFUSED, EDE.NOT_AUTHORITATIVE, 'this name is never forwarded');
    }
    if (waiting >= maxInFlight) {
      counters.overloads++;
      return failed(RCODE.SERVFAIL, EDE.OTHER, 'too many queries are waiting');
    }
    if (route.upstreams.length === 0 && route.text !== '.') {
      return failed(RCODE.REFUSED, EDE.BLOCKED, `${route.text} is not forwarded`);
    }
    const own = (question.upstreams ?? [])
      .slice(0, MAX_CLIENT_UPSTREAMS)
      .map((each) => peers.ofClient(each))
      .filter((peer) => peer !== undefined);
    if (route.upstreams.length === 0 && own.length === 0) {
      return failed(RCODE.REFUSED, EDE.NOT_AUTHORITATIVE, 'no upstream is configured');
    }
    waiting++;
    try {
      const key = questionKey(question);
      const flight = flights.get(key);
      if (flight) {
        counters.joined++;
        return await flight;
      }
      const launched = launch(key, question, route, own);
      flights.set(key, launched);
      return await launched;
    } finally {
      waiting--;
    }
  };

  return {
    exchange,
    isLoop: (edns) => mark.isOwn(edns),
    status: () => ({
      routes: [...peersOf].map(([{ text }, list]) => ({ suffix: text, upstreams: list.map(statusOf) })),
      clients: peers.clients().map(statusOf),
    }),
    counters: () => ({ ...counters }),
    close: () => peers.close(),
  };
}

const FAULT_TEXT = { loop: 'CNAME loop', size: 'the answer is too large' } as const;

function refuseLoop({ text, upstreams }: Route, isSelf: (upstream: Upstream) => boolean): void {
  const loop = upstreams.find(isSelf);
  if (!loop) return;
  throw new Error(
    `${text === '.' ? 'dns.upstreams' : `dns.forward.${text}`}: ${formatUpstream(loop)} is Fairlead's own address, ` +
      `so queries would loop; name the servers that it should ask instead`,
  );
}

function statusOf({ health }: Peer): UpstreamStatus {
  return health.status();
}

function failed(rcode: number, code: number, text: string): ForwardResult {
  return { ok: false, rcode, ede: { code, text } };
}
