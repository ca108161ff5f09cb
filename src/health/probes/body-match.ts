import { createContext, Script } from 'node:vm';

export type BodyMatch = 'match' | 'no match' | 'too slow';

/** Matches one check's pattern with a body. */
export type MatchBody = (body: Buffer) => BodyMatch;

/** The longest time for matching one body, in milliseconds. */
const BUDGET_MS = 20;
/**
 * How often in a row a pattern is stopped before it is deferred. On a busy host, one stop says little about a pattern.
 */
const MOST_STOPS = 3;
/** How long it is deferred. */
const RETRY_MS = 20_000;
/** The share of time for all deferred patterns together when they are tried again. */
const SHARE = 0.05;

const script = new Script('new RegExp(pattern, "u").test(text)');
const sandbox = { pattern: '', text: '' };
createContext(sandbox);

/**
 * Matches bodies with patterns. Patterns come from labels, and one such as `(a+)+$` can keep a backtracking matcher
 * busy without end. So each match is stopped after 20 ms. The thread that waits for it also does everything else.
 * Therefore a check whose pattern was stopped three times in a row is tried again only every 20 seconds, and all such
 * checks together get 5 % of the time. Each check counts separately, so that one task's answers do not affect another
 * task.
 */
export class BodyMatcher {
  readonly #now: () => number;
  readonly #run: (pattern: string, text: string) => BodyMatch;
  /** No deferred check is tried again before this time. */
  #restUntil = 0;

  /**
   * @param now a monotonic clock in milliseconds
   * @param run for tests: runs one match with its own time limit
   */
  constructor(now: () => number = () => performance.now(), run = stoppedAfter(BUDGET_MS)) {
    this.#now = now;
    this.#run = run;
  }

  /** Makes a matcher for one check of one task. @param pattern a valid regular expression */
  matchOf(pattern: string): MatchBody {
    if (!/[\\^$.*+?()[\]{}|/]/.test(pattern))
      return (body) => (body.toString('utf8').includes(pattern) ? 'match' : 'no match');
    let stops = 0;
    let retryAt = 0;
    return (body) => {
      const begun = this.#now();
      const isPutOff = stops >= MOST_STOPS;
      if (isPutOff && begun < Math.max(retryAt, this.#restUntil)) return 'too slow';
      const found = this.#run(pattern, body.toString('utf8'));
      stops = found === 'too slow' ? stops + 1 : 0;
      const now = this.#now();
      retryAt = now + RETRY_MS;
      if (isPutOff) this.#restUntil = now + (now - begun) / SHARE;
      return found;
    };
  }
}

/** Runs one match with a time limit in milliseconds. V8 can interrupt a match only in a script. */
export function stoppedAfter(timeout: number): (pattern: string, text: string) => BodyMatch {
  return (pattern, text) => {
    sandbox.pattern = pattern;
    sandbox.text = text;
    try {
      return script.runInContext(sandbox, { timeout }) === true ? 'match' : 'no match';
    } catch {
      // Only the timeout can throw, because the pattern was already compiled when the check was read.
      return 'too slow';
    } finally {
      sandbox.text = '';
    }
  };
}
