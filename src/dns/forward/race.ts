import { formatHostPort } from '../../net/ip.js';
import { EDE, RCODE, rcodeName } from '../wire/constants.js';
import type { ForwardResult } from './exchange.js';
import { inOrder, type UpstreamHealth } from './health.js';
import type { Outcome } from './outcome.js';

export interface RaceTimes {
  /** An upstream that is silent for so long, in ms, is joined by the next one; its late reply still counts. */
  readonly hedge: number;
  /** When a query is given up, in ms: less than the 5 s that the C libraries wait. */
  readonly deadline: number;
}

/** Each upstream is asked this often at most for one query. */
const ROUNDS = 2;

/**
 * Asks the upstreams one after another until one says NOERROR or NXDOMAIN. Any other response code, a network error or
 * a silence leads to the next one; an upstream that answered is not asked twice.
 * @param ask one attempt; it settles soon after its signal is aborted
 * @returns never rejects; the failure carries EDE 22, or 23 when the network failed (RFC 8914)
 */
export function raceUpstreams(
  upstreams: readonly UpstreamHealth[],
  ask: (upstream: UpstreamHealth, signal: AbortSignal) => Promise<Outcome>,
  times: RaceTimes,
): Promise<ForwardResult> {
  return new Promise((resolve) => {
    const order = inOrder(upstreams);
    const plan = Array.from({ length: ROUNDS }, () => order).flat();
    const answered = new Set<UpstreamHealth>();
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
      let upstream = plan.shift();
      while (upstream && answered.has(upstream)) upstream = plan.shift();
      if (upstream) attempt(upstream);
      else if (running === 0) finish(failure);
    };
    const attempt = (upstream: UpstreamHealth): void => {
      const address = formatHostPort(upstream.upstream);
      running++;
      hedge = setTimeout(() => {
        upstream.failed('timeout');
        failure = failed(EDE.NO_REACHABLE_AUTHORITY, `no reply from ${address}`);
        launch();
      }, times.hedge);
      const settle = (outcome: Outcome): void => {
        running--;
        if (stop.signal.aborted) return;
        if (outcome.kind === 'reply') {
          upstream.answered();
          const { rcode } = outcome.message;
          if (rcode === RCODE.NOERROR || rcode === RCODE.NXDOMAIN) {
            finish({ ok: true, message: outcome.message, upstream: upstream.upstream });
            return;
          }
          answered.add(upstream);
          failure = failed(EDE.NO_REACHABLE_AUTHORITY, `${address} said ${rcodeName(rcode)}`);
        } else {
          const detail = outcome.kind === 'network' ? outcome.detail : outcome.kind;
          upstream.failed(detail);
          failure = failed(EDE.NETWORK_ERROR, `${address}: ${detail}`);
        }
        launch();
      };
      ask(upstream, stop.signal).then(settle, (error: unknown) => {
        settle({ kind: 'network', detail: error instanceof Error ? error.message : String(error) });
      });
    };
    const deadline = setTimeout(() => finish(failure), times.deadline);
    launch();
  });
}

function failed(code: number, text: string): ForwardResult {
  return { ok: false, rcode: RCODE.SERVFAIL, ede: { code, text } };
}
