import { describe, expect, it } from 'vitest';
import { BlockingQuery } from '../../src/consul/blocking-query.js';
import { ConsulError, type ConsulAnswer } from '../../src/consul/consul-client.js';
import { Gate } from '../../src/consul/gate.js';
import { HeldQueryTimers, settle } from './held-query-timers.js';

/** A query whose answers a test gives one by one. */
function scripted(over: { mayBlock?: (answer: ConsulAnswer) => boolean } = {}) {
  const timers = new HeldQueryTimers();
  const asked: { index: bigint | undefined; wait: number; timeout: number }[] = [];
  const told: unknown[] = [];
  const failures: string[] = [];
  let answer: (answer: ConsulAnswer) => void = () => undefined;
  let fail: (error: Error) => void = () => undefined;
  const query = new BlockingQuery({
    timers,
    ask: (index, wait, timeout, signal) => {
      asked.push({ index, wait, timeout });
      return new Promise((resolve, reject) => {
        answer = resolve;
        fail = reject;
        signal.addEventListener('abort', () => reject(new ConsulError('stopped')), { once: true });
      });
    },
    onAnswer: ({ body }) => told.push(body),
    onFailure: ({ message }) => failures.push(message),
    ...over,
  });
  return {
    ...{ timers, asked, told, failures, query },
    answers: async (index: bigint | undefined, body: unknown = String(index), knownLeader = true) => {
      await settle();
      answer({ index, body, knownLeader });
      await settle();
    },
    fails: async (status?: number) => {
      await settle();
      fail(new ConsulError('no', status));
      await settle();
    },
  };
}

describe('a blocking query', () => {
  it('first asks without an index and then waits on the one it received', async () => {
    const { query, asked, told, answers } = scripted();
    const started = query.start();
    await settle();
    expect(asked).toMatchObject([{ index: undefined, wait: 0 }]);
    await answers(7n);
    await started;
    expect(asked[1]).toMatchObject({ index: 7n, wait: 300_000 });
    // Consul adds up to a sixteenth of the wait.
    expect(asked[1]?.timeout).toBeGreaterThan(318_750);
    await answers(8n);
    expect(told).toEqual(['7', '8']);
    await query.stop();
  });

  it('reports nothing when the wait ends without a change', async () => {
    const { query, told, answers } = scripted();
    void query.start();
    await answers(7n);
    await answers(7n);
    expect(told).toEqual(['7']);
    await query.stop();
  });

  it('starts over when the index goes back', async () => {
    const { query, asked, told, answers } = scripted();
    void query.start();
    await answers(100n);
    await answers(5n);
    expect(asked.at(-1)?.index).toBeUndefined();
    await answers(5n);
    expect(asked.at(-1)?.index).toBe(5n);
    expect(told).toEqual(['100', '5']);
    await query.stop();
  });

  it('keeps an index above 2^53', async () => {
    const { query, asked, answers } = scripted();
    void query.start();
    await answers(10930159688258771142n);
    expect(asked.at(-1)?.index).toBe(10930159688258771142n);
    await query.stop();
  });

  it.each([[undefined], [0n]])('polls if the index is %s, and never spins', async (index) => {
    const { query, asked, timers, answers } = scripted();
    void query.start();
    for (let count = 0; count < 3; count++) {
      await answers(index);
      expect(timers.next).toBe(3750);
      await timers.advance(3750);
    }
    expect(asked.map((each) => each.index)).toEqual([undefined, undefined, undefined, undefined]);
    await query.stop();
  });

  it('polls a service that does not exist, because its index moves with every registration', async () => {
    const { query, asked, timers, answers } = scripted({ mayBlock: ({ body }) => body !== 'empty' });
    void query.start();
    await answers(9n, 'empty');
    expect(timers.next).toBe(3750);
    await timers.advance(3750);
    expect(asked.at(-1)?.index).toBeUndefined();
    await query.stop();
  });

  it('asks again at once for ten changes in a row, and then as often as tokens come', async () => {
    const { query, asked, told, timers, answers } = scripted();
    void query.start();
    for (let index = 1n; index <= 10n; index++) await answers(index);
    expect([asked.length, told.length]).toEqual([10, 10]);
    for (let index = 11n; index <= 13n; index++) {
      expect(timers.next).toBe(250);
      await timers.advance(249);
      expect(asked).toHaveLength(Number(index) - 1);
      await timers.advance(1);
      expect(asked).toHaveLength(Number(index));
      await answers(index);
    }
    await query.stop();
  });

  it('never waits for a token while its service changes less than four times a second', async () => {
    const { query, asked, timers, answers } = scripted();
    void query.start();
    await answers(1n);
    for (let change = 2n; change <= 200n; change++) {
      await timers.advance(260);
      await answers(change);
      expect(asked).toHaveLength(Number(change) + 1);
      expect(timers.pending).toBe(0);
    }
    await query.stop();
  });

  it('has all its tokens again after a quiet time, and no more than those', async () => {
    const { query, asked, timers, answers } = scripted();
    void query.start();
    for (let index = 1n; index <= 10n; index++) await answers(index);
    await timers.advance(3_600_000);
    expect(asked).toHaveLength(11);
    for (let index = 11n; index <= 20n; index++) await answers(index);
    expect(asked).toHaveLength(21);
    await answers(21n);
    expect([asked.length, timers.next]).toEqual([21, 250]);
    await query.stop();
  });

  it('waits for a token up to a quarter longer by chance, so that many hosts do not ask at the same time', async () => {
    const { query, timers, answers } = scripted();
    timers.chance = 1;
    void query.start();
    for (let index = 1n; index <= 10n; index++) await answers(index);
    expect(timers.next).toBe(312.5);
    await query.stop();
  });

  it('waits longer after each failure, up to a limit, and then reads everything again', async () => {
    const { query, asked, timers, told, failures, answers, fails } = scripted();
    timers.chance = 1;
    void query.start();
    await answers(7n);
    const waits: number[] = [];
    for (let count = 0; count < 6; count++) {
      await fails();
      waits.push(timers.next);
      await timers.advance(timers.next);
    }
    expect(waits).toEqual([100, 200, 400, 800, 1500, 1500]);
    expect(failures).toHaveLength(6);
    expect(asked.at(-1)?.index).toBeUndefined();
    // A server that was started anew may have the same index for something else.
    await answers(7n, 'new');
    expect(told).toEqual(['7', 'new']);
    await query.stop();
  });

  it('rejects an answer of a server without a leader', async () => {
    const { query, told, failures, answers } = scripted();
    void query.start();
    await answers(7n, [], false);
    expect(told).toEqual([]);
    expect(failures).toEqual(['Consul has no leader at the moment']);
    await query.stop();
  });

  it('stop ends a pending request, and leaves no timer', async () => {
    const { query, timers, answers, failures } = scripted();
    void query.start();
    await answers(7n);
    await query.stop();
    expect([timers.pending, failures.length]).toEqual([0, 0]);
  });
});

describe('the gate', () => {
  it('lets one request at a time try while Consul is away, and spreads the others afterwards', async () => {
    const timers = new HeldQueryTimers();
    const gate = new Gate(timers);
    const { signal } = new AbortController();
    let requests = 0;
    let isAway = true;
    const request = async () => {
      requests++;
      await Promise.resolve();
      if (isAway) throw new ConsulError('away');
    };
    const pass = () => gate.pass(signal, request);
    await expect(pass()).rejects.toThrow('away');
    const results = Array.from({ length: 100 }, () => pass().catch(() => 'failed'));
    await timers.advance(5000);
    // One each half second, with no chance in it; those that failed do not ask again by themselves here.
    expect(requests).toBe(11);
    isAway = false;
    timers.chance = 0.5;
    await timers.advance(500);
    expect(requests).toBeGreaterThan(11);
    await timers.advance(1000);
    expect((await Promise.all(results)).filter((each) => each === 'failed')).toHaveLength(10);
    gate.stop();
    expect(timers.pending).toBe(0);
  });

  it('does not close for an error that concerns only one request', async () => {
    const gate = new Gate(new HeldQueryTimers());
    const { signal } = new AbortController();
    const refuse = () => Promise.reject(new ConsulError('Permission denied', 403));
    await expect(gate.pass(signal, refuse)).rejects.toThrow('Permission denied');
    await expect(gate.pass(signal, () => Promise.resolve('at once'))).resolves.toBe('at once');
  });
});
