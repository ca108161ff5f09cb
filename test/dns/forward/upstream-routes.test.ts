import { describe, expect, it } from 'vitest';
import { createRoutes } from '../../../src/dns/forward/upstream-routes.js';
import { EDE, RCODE } from '../../../src/wire/constants.js';
import { lowerCaseName, nameFromLabels } from '../../../src/wire/name.js';
import { name } from '../../wire/helpers.js';
import { addressReply, forwarder, honest, outcome, question, SLOW_HEDGE, upstream } from './harness.js';

describe('the route of a name', () => {
  const [one, two] = [
    { ip: '192.0.2.1', port: 53 },
    { ip: '192.0.2.2', port: 53 },
  ] as const;
  const routes = createRoutes(
    [one],
    new Map([
      ['corp.example', [two]],
      ['Lab.Corp.Example.', []],
      ['lan', [two]],
    ]),
  );
  it.each([
    ['corp.example', 'corp.example'],
    ['a.b.corp.example', 'corp.example'],
    ['lab.corp.example', 'lab.corp.example'],
    ['x.lab.corp.example', 'lab.corp.example'],
    ['xcorp.example', '.'],
    ['corp.example.org', '.'],
    ['example', '.'],
    ['lan', 'lan'],
    ['.', '.'],
  ])('%s is that of %s', (text, expected) => {
    expect(routes.find(lowerCaseName(name(text))).text).toBe(expected);
  });

  it('compares labels, not text', () => {
    const dotted = nameFromLabels(['a.corp', 'example']) ?? new Uint8Array();
    expect(routes.find(dotted).text).toBe('.');
  });

  it('is that of "." for all others, if there is one', () => {
    expect(createRoutes([one], new Map([['.', [two]]])).all).toEqual([
      { suffix: name('.'), text: '.', upstreams: [two] },
    ]);
  });

  it('cannot be defined for an invalid name', () => {
    expect(() => createRoutes([], new Map([['a..b', [one]]]))).toThrow(
      /^dns\.forward: "a\.\.b" is not a valid domain name/,
    );
  });
});

describe('forwarding by suffix', () => {
  it('asks the servers of the longest suffix and no others', async () => {
    const [def, corp, lan] = [
      await upstream(({ query, send }) => send(addressReply(query, 1))),
      await upstream(({ query, send }) => send(addressReply(query, 2))),
      await upstream(({ query, send }) => send(addressReply(query, 3))),
    ];
    const forward = forwarder([def], {
      forward: new Map([
        ['corp.example', [corp.address]],
        ['lan', [lan.address]],
        ['closed.example', []],
      ]),
    });
    for (const [text, expected] of [
      ['www.example.org', [1]],
      ['www.corp.example', [2]],
      ['printer.lan', [3]],
      ['lan', [3]],
      ['corp', `${RCODE.REFUSED}/${EDE.NOT_AUTHORITATIVE}`],
      ['x.closed.example', `${RCODE.REFUSED}/${EDE.BLOCKED}`],
    ] as const) {
      expect(outcome(await forward.exchange(question(text)))).toEqual(expected);
    }
    expect([def, corp, lan].map(({ received }) => received.length)).toEqual([1, 1, 2]);
  });

  it('does not forward our own names', async () => {
    const fake = await upstream(({ query, send }) => send(honest(query)));
    const forward = forwarder([fake], { forward: new Map([['x.rancher.internal', [fake.address]]]) });
    expect(outcome(await forward.exchange(question('a.x.rancher.internal')))).toBe(
      `${RCODE.REFUSED}/${EDE.NOT_AUTHORITATIVE}`,
    );
    expect(fake.received).toEqual([]);
  });

  it('remembers a server once, whatever suffixes use it, and reports its state for each', async () => {
    const dead = await upstream(({ query, send }) => send(honest(query).subarray(0, 5)));
    const good = await upstream(({ query, send }) => send(honest(query)));
    const list = [dead.address, good.address];
    const forward = forwarder([], {
      forward: new Map([
        ['a.example', list],
        ['b.example', list],
      ]),
      times: SLOW_HEDGE,
    });
    await forward.exchange(question('x.a.example'));
    await forward.exchange(question('x.b.example'));
    expect(dead.received.length).toBe(1);
    const states = forward
      .status()
      .routes.map(({ suffix, upstreams }) => [suffix, upstreams.map(({ up }) => up)]);
    expect(states).toEqual([
      ['.', []],
      ['a.example', [false, true]],
      ['b.example', [false, true]],
    ]);
  });

  it('cannot lead to this process', () => {
    const self = { ip: '127.0.0.1', port: 5300 };
    expect(() => forwarder([], { listen: [self], forward: new Map([['corp.example', [self]]]) })).toThrow(
      /^dns\.forward\.corp\.example: 127\.0\.0\.1:5300 is Fairlead's own address/,
    );
  });
});

describe("a client's own upstreams", () => {
  it('are asked before the configured ones', async () => {
    const [def, own] = [
      await upstream(({ query, send }) => send(addressReply(query, 1))),
      await upstream(({ query, send }) => send(addressReply(query, 2))),
    ];
    const forward = forwarder([def]);
    const upstreams = [own.address];
    expect(outcome(await forward.exchange(question('a.example.org', { upstreams })))).toEqual([2]);
    expect(outcome(await forward.exchange(question('a.example.org')))).toEqual([1]);
    expect(forward.status().clients).toMatchObject([{ upstream: own.address, up: true }]);
    expect(forward.status().routes[0]?.upstreams.length).toBe(1);
  });

  it('work without any configured ones', async () => {
    const own = await upstream(({ query, send }) => send(honest(query)));
    const asked = question('a.example.org', { upstreams: [own.address] });
    expect(outcome(await forwarder([]).exchange(asked))).toEqual([1]);
  });

  it('that fail lead to the configured ones, and are skipped for a while', async () => {
    const own = await upstream(() => undefined);
    const def = await upstream(({ query, send }) => send(honest(query)));
    const forward = forwarder([def], { times: SLOW_HEDGE });
    for (const text of ['a.example.org', 'b.example.org']) {
      const asked = question(text, { upstreams: [own.address] });
      expect(outcome(await forward.exchange(asked))).toEqual([1]);
    }
    expect(own.received.length).toBe(1);
  });

  it('share no flight with the questions of others', async () => {
    const held: (() => void)[] = [];
    const hold = (last: number) =>
      upstream(({ query, send }) => {
        if (held.push(() => send(addressReply(query, last))) === 3) for (const each of held) each();
      });
    const [def, first, second] = [await hold(1), await hold(2), await hold(3)];
    const forward = forwarder([def]);
    const results = await Promise.all([
      forward.exchange(question()),
      forward.exchange(question(undefined, { upstreams: [first.address] })),
      forward.exchange(question(undefined, { upstreams: [second.address] })),
      forward.exchange(question(undefined, { upstreams: [{ ...second.address }] })),
    ]);
    expect(results.map(outcome)).toEqual([[1], [2], [3], [3]]);
    expect(forward.counters()).toMatchObject({ flights: 3, joined: 1 });
  });

  it('are skipped when they are this process, and limited to three', async () => {
    const self = { ip: '127.0.0.1', port: 5300 };
    const fakes = await Promise.all(
      Array.from({ length: 4 }, () => upstream(({ query, send }) => send(honest(query).subarray(0, 2)))),
    );
    const forward = forwarder([], { listen: [self], times: { hedge: 20, deadline: 1000 } });
    const ask = async (upstreams: { ip: string; port: number }[]) =>
      outcome(await forward.exchange(question('a.example.org', { upstreams })));
    expect(await ask([self])).toBe(`${RCODE.REFUSED}/${EDE.NOT_AUTHORITATIVE}`);
    expect(await ask(fakes.map(({ address }) => address))).toBe(
      `${RCODE.SERVFAIL}/${EDE.NO_REACHABLE_AUTHORITY}`,
    );
    expect(fakes.map(({ received }) => received.length)).toEqual([2, 2, 2, 0]);
  });
});

it('a query costs eight attempts at most, however many upstreams there are', async () => {
  const fakes = await Promise.all(
    Array.from({ length: 10 }, () =>
      upstream(({ query, send }) => send(Buffer.concat([honest(query).subarray(0, 2), Buffer.alloc(1)]))),
    ),
  );
  const forward = forwarder(fakes, { times: { hedge: 10, deadline: 1000 } });
  await forward.exchange(question());
  expect(fakes.reduce((sum, { received }) => sum + received.length, 0)).toBe(8);
});
