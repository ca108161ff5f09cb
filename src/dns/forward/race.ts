import { formatUpstream } from '../../net/upstream.js';
import { EDE, RCODE, rcodeName } from '../../wire/constants.js';
import type { ForwardResult } from './exchange.js';
import { inOrder } from './upstream-health.js';
import type { Outcome } from './outcome.js';
import type { Peer } from './peers.js';
import { isReferral } from './scrub.js';
import { errorMessage } from '../../net/error-message.js';

export interface RaceTimes {
  /** An upstream that is silent for so long, in ms, is joined by the next one; its late reply still counts. */
  readonly hedge: number;
  /** When a query is given up, in ms: less than the 5 s that the C libraries wait. */
  readonly deadline: number;
}

/** Each upstream is asked this often at most for one query. */
const ROUNDS = 2;
/** Attempts at one query, however many upstreams there are (coredns #5897). */
const MAX_ATTEMPTS = 8;

/**
 * Asks the upstreams one after another until one says NOERROR or NXDOMAIN. Any other response code, a referral, a network
 * error or a silence leads to the next one; an upstream that answered is not asked twice.
 * @param ask one attempt; it settles soon after its signal is aborted
 * @returns never rejects; the failure carries EDE 22, or 23 when the network failed (RFC 8914)
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
          health.answered();
          const { rcode } = outcome.message;
          const referral = isReferral(outcome.message);
          if (!referral && (rcode === RCODE.NOERROR || rcode === RCODE.NXDOMAIN)) {
            finish({ ok: true, message: outcome.message, upstream });
            return;
          }
          answered.add(peer);
          const said = referral ? 'does no recursion' : `said ${rcodeName(rcode)}`;
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
