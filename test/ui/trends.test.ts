import { describe, expect, it } from 'vitest';
import type { StatusJson } from '../../src/api/types/status-json.js';
import { quantile, Trends } from '../../src/ui/trends.js';

interface Moment {
  readonly second: number;
  readonly queries: number;
  readonly replies?: Readonly<Record<string, number>>;
  readonly times?: readonly number[];
  readonly startedAt?: string;
}

function status({ second, queries, replies = {}, times = [0, 0, 0], startedAt = 'a' }: Moment): StatusJson {
  return {
    startedAt,
    now: new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString(),
    dns: {
      counters: { queries: { A: queries }, replies },
      answering: { times: { bounds: [8, 16], counts: times } },
    },
    vips: { carried: { active: 2, total: queries } },
    catalog: { health: { unhealthy: 1 } },
  } as unknown as StatusJson;
}

describe('trends', () => {
  it('are differences of counters', () => {
    const trends = new Trends();
    trends.add(status({ second: 0, queries: 100, replies: { NOERROR: 90, NXDOMAIN: 10 } }));
    expect(trends.points).toEqual([]);
    trends.add(
      status({
        second: 2,
        queries: 120,
        replies: { NOERROR: 105, NXDOMAIN: 14, SERVFAIL: 1 },
        times: [10, 10, 0],
      }),
    );
    expect(trends.points).toMatchObject([
      { queries: 10, errors: 25, p99: 0.016, connections: 2, opened: 10, unhealthy: 1 },
    ]);
  });

  it('say that nothing is known where nothing was answered', () => {
    const trends = new Trends();
    trends.add(status({ second: 0, queries: 1 }));
    trends.add(status({ second: 1, queries: 1 }));
    expect(trends.points).toMatchObject([{ queries: 0, errors: undefined, p99: undefined }]);
  });

  it('begin again with another process, whose counters begin with 0', () => {
    const trends = new Trends();
    trends.add(status({ second: 0, queries: 100 }));
    trends.add(status({ second: 1, queries: 5, startedAt: 'b' }));
    expect(trends.points).toEqual([]);
    trends.add(status({ second: 2, queries: 8, startedAt: 'b' }));
    expect(trends.points).toMatchObject([{ queries: 3 }]);
  });

  it('keep five minutes', () => {
    const trends = new Trends();
    for (let second = 0; second < 400; second++) trends.add(status({ second, queries: second }));
    expect(trends.points).toHaveLength(300);
  });
});

it.each([
  [[], undefined],
  [[0, 0, 0], undefined],
  [[99, 1, 0], 8],
  [[98, 2, 0], 16],
  // Above all bounds: at least the last one.
  [[0, 0, 5], 16],
])('the 99th of %j is %s', (counts, expected) => {
  expect(quantile([8, 16], counts, 0.99)).toBe(expected);
});
