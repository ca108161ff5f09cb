import { formatUpstream } from '../../net/upstream.js';
import { EDE, RCODE, rcodeName } from '../../wire/constants.js';
import type { ForwardResult } from './exchange.js';
import { inOrder } from './upstream-health.js';
import type { Outcome } from './outcome.js';
import type { Peer } from './peers.js';
import { isReferral } from './scrub.js';
import { errorMessage } from '../../net/error-message.js';

export interface RaceTimes {
  /** If an upstream is silent for this long, in ms, the next one is asked too. A late reply still counts. */
  readonly hedge: number;
  /** When to give up on a query, in ms. Shorter than the 5 s for which the C libraries wait. */
  readonly deadline: number;
}

/** How often each upstream is asked for one query at most. */
const ROUNDS = 2;
/** The most attempts for one query, however many upstreams there are (coredns #5897). */
const MAX_ATTEMPTS = 8;

/**
 * Asks the upstreams one after another until one replies NOERROR or NXDOMAIN. Any other response code, a referral, a
 * network error or silence leads to the next upstream. An upstream that answered is not asked again.
 * @param ask one attempt; it settles soon after its signal is aborted
 * @returns never rejects; a failure carries EDE 22, or 23 after a network error (RFC 8914)
 */
export function raceUpstreams(
  peers: readonly Peer[],
  ask: (peer: Peer, signal: AbortSignal) => Promise<Outcome>,
  times: RaceTimes,
): Promise<ForwardResult> {
  return new Promise((resolve) => {
    const order = inOrder(peers);
    const plan = Array.from({ length: ROUNDS }, () => order)
      .flat()
      .slice(0, MAX_ATTEMPTS);
    const answered = new Set<Peer>();
    const stop = new AbortController();
    let failure = failed(EDE.NETWORK_ERROR, 'no upstream configured');
    let running = 0;
    let hedge: NodeJS.Timeout | undefined;

    const finish = (result: ForwardResult): void => {
      clearTimeout(hedge);
      clearTimeout(deadline);
      stop.abort();
      resolve(result);
    };
    const launch = (): void => {
      clearTimeout(hedge);
      let peer = plan.shift();
      while (peer && answered.has(peer)) peer = plan.shift();
      if (peer) attempt(peer);
      else if (running === 0) finish(failure);
    };
    const attempt = (peer: Peer): void => {
      const { health, upstream } = peer;
      const address = formatUpstream(upstream);
      const began = performance.now();
      running++;
      hedge = setTimeout(() => {
        health.failed('timeout');
        failure = failed(EDE.NO_REACHABLE_AUTHORITY, `no reply from ${address}`);
        launch();
      }, times.hedge);
      const settle = (outcome: Outcome): void => {
        running--;
        if (stop.signal.aborted) return;
        if (outcome.kind === 'reply') {
          health.answered(performance.now() - began);
          const { rcode } = outcome.message;
          const referral = isReferral(outcome.message);
          if (!referral && (rcode === RCODE.NOERROR || rcode === RCODE.NXDOMAIN)) {
            finish({ ok: true, message: outcome.message, upstream });
            return;
          }
          answered.add(peer);
          const said = referral ? 'does not offer recursion' : `answered ${rcodeName(rcode)}`;
          failure = failed(EDE.NO_REACHABLE_AUTHORITY, `${address} ${said}`);
        } else {
          const detail = outcome.kind === 'network' ? outcome.detail : outcome.kind;
          health.failed(detail);
          failure = failed(EDE.NETWORK_ERROR, `${address}: ${detail}`);
        }
        launch();
      };
      ask(peer, stop.signal).then(settle, (error: unknown) => {
        settle({ kind: 'network', detail: errorMessage(error) });
      });
    };
    const deadline = setTimeout(() => finish(failure), times.deadline);
    launch();
  });
}

function failed(code: number, text: string): ForwardResult {
  return { ok: false, rcode: RCODE.SERVFAIL, ede: { code, text } };
}
