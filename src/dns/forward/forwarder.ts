import { randomBytes } from 'node:crypto';
import { formatHostPort, type HostPort } from '../../net/ip.js';
import { latin1 } from '../wire/bytes.js';
import { EDE, RCODE } from '../wire/constants.js';
import type { Edns } from '../wire/edns.js';
import { isAtOrBelow, labelCount, type DnsName } from '../wire/name.js';
import { askUpstream } from './ask-upstream.js';
import type { Exchange, ForwardQuestion, ForwardResult } from './exchange.js';
import { UpstreamHealth, type UpstreamStatus } from './health.js';
import { createLoopMark } from './loop-mark.js';
import { raceUpstreams, type RaceTimes } from './race.js';
import { createRandomIds } from './random-id.js';
import { isOwnAddress } from './resolv-conf.js';

export interface ForwarderOptions {
  /** In the order to ask in. */
  readonly upstreams: readonly HostPort[];
  /** Where this process itself listens. */
  readonly listen: readonly HostPort[];
  /** Names that never go upstream, nor does anything below them; lower case. */
  readonly ownNames: readonly DnsName[];
  /** In ms; by default the next upstream is asked after 1000, and all is given up after 3500. */
  readonly times?: RaceTimes;
  /** Clients that may wait at the same time; more are refused at once. 1000 by default. */
  readonly maxInFlight?: number;
  /** Monotonic, in ms. */
  readonly now?: () => number;
}

export interface ForwarderCounters {
  /** Questions that upstreams were asked; fewer than the clients' when several asked the same. */
  readonly flights: number;
  /** Questions that joined one under way. */
  readonly joined: number;
  /** Questions that no upstream answered. */
  readonly failures: number;
  /** Questions refused because too many were waiting. */
  readonly overloads: number;
}

export interface Forwarder {
  readonly exchange: Exchange;
  /** Whether a query has gone round: it passed this process before. */
  isLoop(edns: Edns | undefined): boolean;
  status(): readonly UpstreamStatus[];
  counters(): ForwarderCounters;
}

const DEFAULT_TIMES: RaceTimes = { hedge: 1000, deadline: 3500 };
const DEFAULT_MAX_IN_FLIGHT = 1000;

/**
 * Asks upstream servers for what is not ours.
 * @throws Error when an upstream is one of our own addresses
 */
export function createForwarder(options: ForwarderOptions): Forwarder {
  const { upstreams, listen, ownNames, times = DEFAULT_TIMES } = options;
  const { maxInFlight = DEFAULT_MAX_IN_FLIGHT, now = () => performance.now() } = options;
  const loop = upstreams.find((upstream) => isOwnAddress(upstream, listen));
  if (loop) {
    throw new Error(
      `dns.upstreams: ${formatHostPort(loop)} is Fairlead's own address, so queries would go round for ever; ` +
        `name the servers that it should ask instead`,
    );
  }
  const health = upstreams.map((upstream) => new UpstreamHealth(upstream, now));
  const mark = createLoopMark(randomBytes(8));
  const context = { mark, nextId: createRandomIds() };
  const flights = new Map<string, Promise<ForwardResult>>();
  const counters = { flights: 0, joined: 0, failures: 0, overloads: 0 };
  let waiting = 0;

  const launch = async (key: string, question: ForwardQuestion): Promise<ForwardResult> => {
    counters.flights++;
    try {
      const result = await raceUpstreams(
        health,
        (upstream, signal) => askUpstream(upstream, question, context, signal),
        times,
      );
      if (!result.ok) counters.failures++;
      return result;
    } finally {
      flights.delete(key);
    }
  };

  const exchange: Exchange = async (question) => {
    if (labelCount(question.name) === 1 || ownNames.some((own) => isAtOrBelow(question.name, own))) {
      return refused(EDE.NOT_AUTHORITATIVE, 'not a name to ask others for');
    }
    if (waiting >= maxInFlight) {
      counters.overloads++;
      return {
        ok: false,
        rcode: RCODE.SERVFAIL,
        ede: { code: EDE.OTHER, text: 'too many queries are waiting' },
      };
    }
    if (health.length === 0) return refused(EDE.NOT_AUTHORITATIVE, 'no upstream is configured');
    waiting++;
    try {
      const key = flightKey(question);
      const flight = flights.get(key);
      if (flight) {
        counters.joined++;
        return await flight;
      }
      const launched = launch(key, question);
      flights.set(key, launched);
      return await launched;
    } finally {
      waiting--;
    }
  };

  return {
    exchange,
    isLoop: (edns) => mark.isOwn(edns),
    status: () => health.map((upstream) => upstream.status()),
    counters: () => ({ ...counters }),
  };
}

function refused(code: number, text: string): ForwardResult {
  return { ok: false, rcode: RCODE.REFUSED, ede: { code, text } };
}

/**
 * Equal questions share a flight: one that asks many times over gives forgers no more chances (RFC 5452 section 5).
 * A query that came through another forwarder stays apart from the clients' own, or two forwarders that ask each other
 * would each wait for the other; which forwarder it was makes no difference, so this opens two flights, not many.
 */
function flightKey({ name, type, dnssecOk, checkingDisabled, marks }: ForwardQuestion): string {
  const bits = (dnssecOk ? 1 : 0) | (checkingDisabled ? 2 : 0) | (marks.length > 0 ? 4 : 0);
  return `${type}/${bits}/${latin1(name)}`;
}
