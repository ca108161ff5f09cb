import { describe, expect, it } from 'vitest';
import { BodyMatcher, stoppedAfter, type BodyMatch } from '../../src/health/probes/body-match.js';

const SLOW = '(a+)+$';
const body = Buffer.from(`${'a'.repeat(4000)}!`);

/** A matcher that does not stop a pattern because the machine is busy. */
const patientMatcher = (): BodyMatcher => new BodyMatcher(() => 0, stoppedAfter(60_000));

/** A matcher whose clock stands still but for what the matches take. */
function counted(): {
  readonly matcher: BodyMatcher;
  readonly wait: (ms: number) => void;
  readonly ran: () => number;
} {
  let now = 0;
  let count = 0;
  const run = (pattern: string): BodyMatch => {
    count++;
    if (pattern !== SLOW) return 'match';
    now += 20;
    return 'too slow';
  };
  const matcher = new BodyMatcher(() => now, run);
  return { matcher, wait: (ms) => void (now += ms), ran: () => count };
}

describe('matching bodies', () => {
  it.each<[string, string, BodyMatch]>([
    ['ready', 'not ready', 'match'],
    ['^ready$', 'not ready', 'no match'],
    ['^not \\w+$', 'not ready', 'match'],
    ['up', 'down', 'no match'],
  ])('%s in %s', (pattern, text, expected) => {
    expect(patientMatcher().matchOf(pattern)(Buffer.from(text))).toBe(expected);
  });

  it('stops a pattern without end, and does not restart it at once', () => {
    let stops = 0;
    let ran = 0;
    const stopped = stoppedAfter(20);
    const run = (pattern: string, text: string): BodyMatch => {
      ran++;
      return stopped(pattern, text);
    };
    const match = new BodyMatcher(() => stops, run).matchOf(SLOW);
    for (stops = 0; stops < 3; stops++) expect(match(body)).toBe('too slow');
    const found = new Set(Array.from({ length: 1000 }, () => match(body)));
    expect([...found]).toEqual(['too slow']);
    expect(ran).toBe(3);
  });

  it('gives stopped patterns 5 % of the time at most, however many there are', () => {
    const { matcher, wait, ran } = counted();
    const checks = Array.from({ length: 200 }, () => matcher.matchOf(SLOW));
    for (let turn = 0; turn < 3; turn++) for (const match of checks) match(body);
    expect(ran()).toBe(600);
    const found = new Set<BodyMatch>();
    for (let second = 0; second < 600; second++) {
      for (const match of checks) found.add(match(body));
      wait(1000);
    }
    expect([...found]).toEqual(['too slow']);
    expect((ran() - 600) * 20).toBeLessThanOrEqual(0.05 * 600_000);
    expect(ran()).toBeGreaterThan(600);
  });

  it('retries one check every 20 s, and forgives it when the match ends in time', () => {
    const { matcher, wait, ran } = counted();
    const match = matcher.matchOf(SLOW);
    for (let probe = 0; probe < 3; probe++) match(body);
    wait(19_999);
    expect([match(body), ran()]).toEqual(['too slow', 3]);
    wait(1);
    expect([match(body), ran()]).toEqual(['too slow', 4]);
    expect([match(body), ran()]).toEqual(['too slow', 4]);
  });

  it('judges each task by its own answers, even with a shared pattern', () => {
    const { matcher } = counted();
    const slow = matcher.matchOf(SLOW);
    for (let probe = 0; probe < 9; probe++) slow(body);
    expect(matcher.matchOf('^ready$')(body)).toBe('match');
    const again = counted();
    const [first, second] = [again.matcher.matchOf(SLOW), again.matcher.matchOf(SLOW)];
    for (let probe = 0; probe < 9; probe++) first(body);
    second(body);
    expect(again.ran()).toBe(4);
  });
});
