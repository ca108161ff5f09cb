import { createContext, Script } from 'node:vm';

export type BodyMatch = 'match' | 'no match' | 'too slow';

/** Longest that a pattern may think about one body. */
const BUDGET_MS = 20;

const match = new Script('new RegExp(pattern, "u").test(text)');
const sandbox = { pattern: '', text: '' };
createContext(sandbox);

/**
 * Whether a body matches a pattern. Patterns come from labels, and one such as `(a+)+$` can take a backtracking matcher
 * for ever; V8 can stop a script in the middle of a match, and only a script.
 */
export function matchBody(body: Buffer, pattern: string): BodyMatch {
  const text = body.toString('utf8');
  if (!/[\\^$.*+?()[\]{}|/]/.test(pattern)) return text.includes(pattern) ? 'match' : 'no match';
  sandbox.pattern = pattern;
  sandbox.text = text;
  try {
    return match.runInContext(sandbox, { timeout: BUDGET_MS }) === true ? 'match' : 'no match';
  } catch {
    // Besides the timeout nothing throws: the pattern was compiled when the check was read.
    return 'too slow';
  } finally {
    sandbox.text = '';
  }
}
