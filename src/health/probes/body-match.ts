import { createContext, Script } from 'node:vm';

export type BodyMatch = 'match' | 'no match' | 'too slow';

/** Matches one check's pattern with a body. */
export type MatchBody = (body: Buffer) => BodyMatch;

/** Longest that a pattern may think about one body, in milliseconds. */
const BUDGET_MS = 20;
/** A pattern is stopped so often in a row before it is put off: on a busy host one stop says little of a pattern. */
const MOST_STOPS = 3;
/** So long it is put off then. */
const RETRY_MS = 20_000;
/** Part of the time that patterns which were put off may take together when they are tried again. */
const SHARE = 0.05;

const script = new Script('new RegExp(pattern, "u").test(text)');
const sandbox = { pattern: '', text: '' };
createContext(sandbox);

/**
 * Matches bodies with patterns. These come from labels, and one such as `(a+)+$` can take a backtracking matcher for
 * ever. Each match is stopped after 20 ms; and since the thread that waits for it does everything else, too, a check
 * whose pattern was stopped three times in a row is tried again every 20 seconds only, and all such checks together get
 * 5 % of the time. Each check counts by itself: what one task answers must not decide about another.
 */
export class BodyMatcher {
  readonly #now: () => number;
  readonly #run: (pattern: string, text: string) => BodyMatch;
  /** No check that was put off is tried again before this. */
  #restUntil = 0;

  /**
   * @param now milliseconds that only grow
   * @param run for tests: one match, which it stops by itself
   */
  constructor(now: () => number = () => performance.now(), run = stoppedAfter(BUDGET_MS)) {
    this.#now = now;
    this.#run = run;
  }

  /** For one check of one task. @param pattern a regular expression that compiles */
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

/** One match that takes so many milliseconds at most. V8 can stop a script in the middle of a match, and only a script. */
export function stoppedAfter(timeout: number): (pattern: string, text: string) => BodyMatch {
  return (pattern, text) => {
    sandbox.pattern = pattern;
    sandbox.text = text;
    try {
      return script.runInContext(sandbox, { timeout }) === true ? 'match' : 'no match';
    } catch {
      // Apart from the timeout nothing throws: the pattern was compiled when the check was read.
      return 'too slow';
    } finally {
      sandbox.text = '';
    }
  };
}
