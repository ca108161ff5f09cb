import { beforeEach, describe, expect, it } from 'vitest';
import type { LoggedReply } from '../../../src/dns/server/query-log.js';
import { QueryWatch, seenQuery, type SeenQueries } from '../../../src/dns/server/query-watch.js';
import { RCODE, TYPE } from '../../../src/wire/constants.js';
import { composeReply } from '../../../src/wire/reply.js';
import { TestTimers } from '../../api/held-outlet.js';
import { a, parsed, query } from '../../wire/helpers.js';

const head = parsed(query('Web.x', TYPE.A, {}));
const reply: LoggedReply = {
  client: { address: '10.42.0.7', transport: 'udp' },
  question: head.question,
  rcode: RCODE.NOERROR,
  source: 'own',
  message: composeReply(head, { rcode: 0, answers: [a('Web.x', '10.0.0.1'), a('Web.x', '10.0.0.2')] }, 512)
    .message,
  ms: 0.0126,
};
const SOMETIME = Date.UTC(2026, 10, 21);

let timers: TestTimers;
let shares: number[];
let watch: QueryWatch;
let seen: SeenQueries[];
beforeEach(() => {
  timers = new TestTimers();
  shares = [];
  seen = [];
  watch = new QueryWatch({ timers, clock: () => SOMETIME, onShare: (share) => shares.push(share) });
});
const follow = () => watch.follow((each) => seen.push(each));
const see = (times: number) => {
  for (let n = 0; n < times; n++) watch.see(reply);
};

describe('queries while somebody looks', () => {
  it('are handed on ten times a second, with who asked what, and who answered how fast', () => {
    const end = follow();
    expect(shares).toEqual([1]);
    expect(seen).toEqual([{ oneOf: 1, missed: 0, queries: [] }]);
    see(2);
    timers.elapse(100);
    expect(seen.at(-1)).toEqual({
      oneOf: 1,
      missed: 0,
      queries: Array.from({ length: 2 }, () => ({
        at: SOMETIME,
        client: '10.42.0.7',
        transport: 'udp',
        name: 'Web.x',
        type: 'A',
        rcode: 'NOERROR',
        answers: ['10.0.0.1', '10.0.0.2'],
        by: 'own',
        us: 13,
        oneOf: 1,
      })),
    });
    timers.elapse(100);
    expect(seen).toHaveLength(2);
    end();
  });

  it('cost nothing while nobody does: the share is 0, there is no timer, and nothing is kept', () => {
    expect(watch.share).toBe(0);
    see(3);
    const end = follow();
    const other = follow();
    end();
    expect(watch.share).toBe(1);
    other();
    other();
    expect(watch.share).toBe(0);
    expect(shares).toEqual([1, 0]);
    expect(timers.waiting).toEqual([]);
    see(3);
    follow()();
    expect(seen.flatMap(({ queries }) => queries)).toEqual([]);
  });

  it('are fewer when there are many: at once, and by a share that each query carries', () => {
    const end = follow();
    see(49);
    expect(watch.share).toBe(1);
    see(1);
    expect(watch.share).toBe(1 / 4);
    see(50);
    expect(watch.share).toBe(1 / 16);
    timers.elapse(100);
    expect(seen.at(-1)).toMatchObject({ oneOf: 16, missed: 0 });
    expect(seen.at(-1)?.queries.map(({ oneOf }) => oneOf)).toEqual([
      ...Array.from({ length: 50 }, () => 1),
      ...Array.from({ length: 50 }, () => 4),
    ]);
    end();
  });

  it('are never more than a bound, and those beyond it are counted', () => {
    const end = follow();
    see(1200);
    timers.elapse(100);
    expect(seen.at(-1)?.queries).toHaveLength(500);
    expect(seen.at(-1)).toMatchObject({ missed: 700, oneOf: 2 ** 20 });
    end();
  });

  it('are all shown again after a calm time', () => {
    const end = follow();
    see(100);
    for (let round = 0; round < 41; round++) {
      see(round % 2);
      timers.elapse(100);
    }
    expect(watch.share).toBe(1);
    expect(seen.at(-1)?.oneOf).toBe(1);
    end();
  });
});

describe('what is seen of a query', () => {
  const more = { at: SOMETIME, oneOf: 1 };
  const upstream = { ip: '192.0.2.53', port: 53 };

  it.each([
    [{ source: 'upstream', upstream } as const, { by: 'upstream', upstream: '192.0.2.53:53' }],
    [{ source: 'upstream', upstream, isCached: true } as const, { by: 'cache', upstream: '192.0.2.53:53' }],
    [{ source: 'own' } as const, { by: 'own' }],
  ])('is who answered: %o', (given, expected) => {
    expect(seenQuery({ ...reply, ...given }, 'off', more)).toMatchObject(expected);
  });

  it('is less where dns.privacy says so', () => {
    const noClients = seenQuery(reply, 'no-clients', more);
    expect(noClients).not.toHaveProperty('client');
    expect(noClients).toMatchObject({ name: 'Web.x', answers: ['10.0.0.1', '10.0.0.2'] });
    const noNames = seenQuery(reply, 'no-names', more);
    expect(JSON.stringify(noNames)).not.toMatch(/10\.42|Web|10\.0\.0/);
    expect(noNames).toMatchObject({ type: 'A', rcode: 'NOERROR', answers: [] });
  });

  it('is what can be read of a message that cannot be decoded', () => {
    const unread = { ...reply, question: undefined };
    const query = seenQuery({ ...unread, rcode: RCODE.FORMERR, message: Buffer.alloc(3) }, 'off', more);
    expect(query).toMatchObject({ rcode: 'FORMERR', answers: [] });
    expect(query).not.toHaveProperty('name');
  });
});
