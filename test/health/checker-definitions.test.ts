import { describe, expect, it } from 'vitest';
import { CheckBook } from '../../src/health/check-book.js';
import type { HealthCheck } from '../../src/health/check.js';
import { http, tcp } from './support/checks.js';
import { Harness, web } from './support/harness.js';

const book = (check: HealthCheck) => new CheckBook({ services: new Map([['default/shop/web', check]]) });

/** A healthy task whose next probe is an hour away. */
async function hourly(): Promise<Harness> {
  const h = new Harness({
    services: new Map([['default/shop/web', tcp(80, { interval: 3_600_000, rise: 1 })]]),
  });
  h.checker.start();
  h.put(web('a', '10.0.0.7'));
  await h.timers.advance(1000);
  expect(h.probed.length).toBe(1);
  return h;
}

describe('a new definition of a check', () => {
  it.each<[string, HealthCheck]>([
    ['a shorter interval', tcp(80, { interval: 10_000 })],
    ['another kind', http(80, { interval: 3_600_000 })],
    ['another port', tcp(81, { interval: 3_600_000 })],
  ])('%s is used at once, not only after the old interval', async (_, check) => {
    const h = await hourly();
    h.checker.reload(book(check));
    await h.timers.advance(1000);
    expect(h.probed.length).toBe(2);
    h.checker.stop();
  });

  it('with the same content moves no probe', async () => {
    const h = await hourly();
    const due = h.checker.row('a')?.next;
    h.checker.reload(book(tcp(80, { interval: 3_600_000, rise: 1 })));
    await h.timers.advance(1000);
    expect([h.probed.length, h.checker.row('a')?.next]).toEqual([1, due]);
    h.checker.stop();
  });

  it('spreads the probes of a crowd, and postpones none', async () => {
    const h = new Harness({ services: new Map([['default/shop/web', tcp(80, { interval: 600_000 })]]) });
    const crowd = 500;
    h.checker.start();
    h.put(...Array.from({ length: crowd }, (_, n) => web(`t${n}`, `10.0.${n >> 8}.${n & 255}`)));
    await h.timers.advance(10_000);
    h.probed.length = 0;
    h.answers = () => 'hang';
    h.checker.reload(book(tcp(80, { interval: 2000 })));
    await h.timers.advance(0);
    expect(h.probed.length).toBe(0);
    await h.timers.advance(2000);
    expect(h.probed.length).toBe(crowd);
    h.checker.stop();
  });

  it('cancels the running probe of the old one', async () => {
    const h = await hourly();
    h.answers = () => 'hang';
    h.checker.probeNow('a');
    await h.timers.advance(10);
    expect(h.running).toBe(1);
    h.checker.reload(book(http(80)));
    await h.timers.advance(100);
    expect([h.running, h.probed.length, h.checker.row('a')?.failures]).toEqual([1, 3, 0]);
    h.checker.stop();
  });
});

describe('a check that turns out to be invalid at its first use', () => {
  const slow = { ok: false, detail: 'too slow', fault: 'has a pattern that takes too long' };

  it('is a problem as long as its probes say so, in addition to those of its labels', async () => {
    const h = new Harness({});
    h.answers = () => slow;
    h.checker.start();
    const labels = { 'fairlead.health.port': '80', 'fairlead.health.prot': '81' };
    h.put(web('a', '10.0.0.7', { labels }));
    await h.timers.advance(1000);
    const told = () => h.problems.map(({ message }) => message.replace(/;.*/, ''));
    const ofLabel = 'task a: health label fairlead.health.prot: is not a label of Fairlead';
    const ofProbe = 'task a: the health check has a pattern that takes too long';
    expect(told()).toEqual([ofLabel, ofProbe]);
    h.put(web('a', '10.0.0.7', { labels: { ...labels } }));
    await h.timers.advance(3000);
    expect(told()).toEqual([ofLabel, ofProbe]);
    h.answers = () => ({ ok: true, detail: 'connected' });
    await h.timers.advance(3000);
    expect(told()).toEqual([ofLabel]);
    h.docker.update({ removedTasks: ['a'] });
    await h.timers.advance(10);
    expect(told()).toEqual([]);
    h.checker.stop();
  });
});
