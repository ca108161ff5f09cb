import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Task } from '../../src/catalog/model.js';
import { HealthOverlay, type HealthReport } from '../../src/catalog/health-overlay.js';
import { CheckBook } from '../../src/health/check-book.js';
import type { HealthCheck } from '../../src/health/check.js';
import { Checker } from '../../src/health/checker.js';
import { expectFrom } from '../../src/health/first-health.js';
import { ProbeTally } from '../../src/health/probe-tally.js';
import { TtlBoard } from '../../src/health/probes/ttl.js';
import { ref } from '../support/facts.js';
import { commonOf, http, tcp } from './support/checks.js';
import { Harness, pass, refuse, web, webCheck } from './support/harness.js';

describe('the checker', () => {
  it('takes a new task in after rise successes, out after fall failures, and reports why', async () => {
    const h = new Harness(webCheck);
    h.checker.start();
    h.put(web('a', '10.0.0.7'));
    await h.timers.advance(0);
    expect(h.told()).toEqual(['a initializing: not probed yet']);
    await h.timers.advance(600);
    expect(h.told()).toEqual(['a healthy: probe tcp 10.0.0.7:80: connected ×2']);
    h.answers = () => refuse;
    await h.timers.advance(3 * 2000);
    expect(h.told()).toEqual(['a unhealthy: probe tcp 10.0.0.7:80: ECONNREFUSED ×3']);
    h.answers = () => pass;
    await h.timers.advance(2 * 2000);
    expect(h.told()).toEqual(['a healthy: probe tcp 10.0.0.7:80: connected ×2']);
    h.checker.stop();
  });

  it('says until when a flapping task is held out, and holds it that long', async () => {
    const h = new Harness(webCheck);
    h.checker.start();
    h.put(web('a', '10.0.0.7'));
    await h.timers.advance(600);
    expect(h.checker.row('a')).not.toHaveProperty('heldUntil');
    for (let falls = 0; falls < 3; falls++) {
      h.answers = () => refuse;
      await h.timers.advance(3 * 2000);
      h.answers = () => pass;
      if (falls < 2) await h.timers.advance(2 * 2000);
    }
    const held = h.checker.row('a')?.heldUntil ?? NaN;
    expect(h.told().at(-1)).toMatch(/×3; it changes too often, so it is held out for 10 s$/);
    await h.timers.advance(held - 1 - h.timers.now());
    expect(h.checker.row('a')).toMatchObject({ health: 'unhealthy', heldUntil: held });
    await h.timers.advance(2001);
    expect(h.checker.row('a')?.health).toBe('healthy');
    expect(h.checker.row('a')).not.toHaveProperty('heldUntil');
    h.checker.stop();
  });

  it('shows a task that never answers as unhealthy after the timeout', async () => {
    const h = new Harness(webCheck);
    h.answers = () => 'hang';
    h.checker.start();
    h.put(web('a', '10.0.0.7'));
    await h.timers.advance(61_000);
    expect(h.told()).toEqual([
      'a initializing: not probed yet',
      'a unhealthy: not healthy within 60 s of its start: probe tcp 10.0.0.7:80: timeout after 2 s',
    ]);
    h.checker.stop();
  });

  it('never runs two probes of one task, however slow they are', async () => {
    const h = new Harness({
      services: new Map([['default/shop/web', tcp(80, { interval: 100, timeout: 5000 })]]),
    });
    h.answers = () => 'hang';
    h.checker.start();
    h.put(web('a', '10.0.0.7'));
    await h.timers.advance(20_000);
    expect(h.mostRunning).toBe(1);
    expect(h.probed.length).toBe(4);
    h.checker.stop();
  });

  it('probes a limited number of tasks at the same time, the others in their turn, none twice', async () => {
    const h = new Harness(webCheck, { concurrency: 3 });
    h.answers = () => 'hang';
    h.checker.start();
    h.put(...Array.from({ length: 10 }, (_, index) => web(`t${index}`, `10.0.0.${index}`)));
    await h.timers.advance(100);
    expect([h.mostRunning, h.checker.stats]).toEqual([3, { running: 3, waiting: 7 }]);
    await h.timers.advance(7000);
    expect(h.mostRunning).toBe(3);
    expect(new Set(h.probed.slice(0, 10).map(({ ip }) => ip)).size).toBe(10);
    h.checker.stop();
  });

  it('spreads a crowd over the interval and keeps it spread', async () => {
    let seed = 1;
    const random = (): number => (seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31;
    const h = new Harness(webCheck, { random });
    h.checker.start();
    h.put(
      ...Array.from({ length: 500 }, (_, index) => web(`t${index}`, `10.0.${index >> 8}.${index & 255}`)),
    );
    await h.timers.advance(2000);
    expect(new Set(h.probed.map(({ ip }) => ip)).size).toBe(500);
    await h.timers.advance(18_000);
    const perTenth = new Map<number, number>();
    for (const { at } of h.probed.filter(({ at }) => h.timers.now() - at < 2000)) {
      const tenth = Math.floor(at / 200);
      perTenth.set(tenth, (perTenth.get(tenth) ?? 0) + 1);
    }
    // 50 on average.
    expect(Math.max(...perTenth.values())).toBeLessThan(100);
    h.checker.stop();
  });

  it('probes slightly early at random, but never late, so that tasks do not move in step', async () => {
    let turn = 0;
    const h = new Harness(webCheck, { random: () => (turn++ % 2 === 0 ? 0 : 0.99) });
    h.checker.start();
    h.put(web('a', '10.0.0.7'));
    await h.timers.advance(30_000);
    const times = h.probed.map(({ at }) => at);
    const gaps = times.slice(4).map((at, i) => at - (times[i + 3] ?? NaN));
    expect(Math.max(...gaps)).toBeLessThanOrEqual(2000 + 10);
    expect(Math.min(...gaps)).toBeLessThan(1850);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(1800);
    h.checker.stop();
  });

  it('follows the task: draining, stopped, restarted, moved, gone', async () => {
    const h = new Harness(webCheck);
    h.checker.start();
    h.put(web('a', '10.0.0.7', { startedAt: h.timers.now() }));
    await h.timers.advance(2000);
    h.told();
    h.put(
      web('a', '10.0.0.7', { startedAt: h.timers.now(), health: 'draining', reason: 'stop signal 15 sent' }),
    );
    expect(h.checker.row('a')?.health).toBe('draining');
    h.put(web('a', '10.0.0.7', { health: 'stopped', endpoints: [] }));
    expect(h.checker.row('a')).toMatchObject({ health: 'stopped' });
    expect(h.checker.row('a')).not.toHaveProperty('next');
    const before = h.probed.length;
    await h.timers.advance(10_000);
    expect(h.probed.length).toBe(before);

    h.put(web('a', '10.0.0.8', { startedAt: h.timers.now() }));
    await h.timers.advance(1000);
    expect(h.told()).toContain('a healthy: probe tcp 10.0.0.8:80: connected ×2');
    expect(h.probed.slice(before).map(({ ip }) => ip)).toEqual(['10.0.0.8', '10.0.0.8']);

    h.answers = () => 'hang';
    await h.timers.advance(2000);
    h.answers = () => pass;
    h.put(web('a', '10.0.0.9'));
    await h.timers.advance(100);
    expect(h.probed.at(-1)?.ip).toBe('10.0.0.9');
    expect(h.checker.row('a')?.failures).toBe(0);

    h.told();
    h.docker.update({ removedTasks: ['a'] });
    await h.timers.advance(10_000);
    expect(h.told()).toEqual(['a not checked']);
    expect([h.checker.stats, h.timers.pending]).toEqual([{ running: 0, waiting: 0 }, 0]);
    expect([...h.checker.rows()]).toEqual([]);
    h.checker.stop();
  });

  it('is reinitializing after a restart that appears as one change', async () => {
    const h = new Harness(webCheck);
    h.checker.start();
    h.put(web('a', '10.0.0.7', { startedAt: 1 }));
    await h.timers.advance(100);
    expect(h.checker.row('a')?.health).toBe('healthy');
    h.answers = () => refuse;
    h.put(web('a', '10.0.0.7', { startedAt: 2 }));
    await h.timers.advance(100);
    expect(h.told().at(-1)).toBe('a reinitializing: started again');
    expect(h.reports.length).toBe(0);
    h.checker.stop();
  });

  it('continues where an earlier process stopped', async () => {
    const previous: Record<string, HealthReport> = {
      a: { health: 'healthy', cause: 'x', run: 1 },
      b: { health: 'unhealthy', cause: 'y', run: 1 },
      c: { health: 'healthy', cause: 'z', run: 1 },
    };
    const h = new Harness(webCheck, { previous: (task) => previous[task] });
    h.put(
      web('a', '10.0.0.1', { startedAt: 1 }),
      web('b', '10.0.0.2', { startedAt: 1 }),
      web('c', '10.0.0.3', { startedAt: 2 }),
    );
    h.checker.start();
    expect([...h.checker.rows()].map(({ task, health }) => `${task} ${health}`)).toEqual([
      'a healthy',
      'b unhealthy',
      'c reinitializing',
    ]);
    await h.timers.advance(0);
    expect(h.told()).toEqual(['a healthy: x', 'b unhealthy: y', 'c reinitializing: started again']);
    h.checker.stop();
  });

  it('assumes that a task that has been running for long is healthy until probes say otherwise', () => {
    const h = new Harness(webCheck);
    const now = h.timers.now();
    h.put(
      web('old', '10.0.0.1', { startedAt: now - 60_001 }),
      web('new', '10.0.0.2', { startedAt: now - 1000 }),
      web('static', '10.0.0.3'),
      web('sick', '10.0.0.5', { startedAt: now - 60_001, health: 'unhealthy', healthFrom: 'check' }),
    );
    h.checker.start();
    h.put(web('later', '10.0.0.4'));
    expect([...h.checker.rows()].map(({ task, health }) => `${task} ${health}`).sort()).toEqual([
      'later initializing',
      'new initializing',
      'old healthy',
      'sick initializing',
      'static healthy',
    ]);
    h.checker.stop();
  });

  it('does not blame a task for what fails on this host', async () => {
    const h = new Harness(webCheck);
    h.checker.start();
    h.put(web('a', '10.0.0.7', { startedAt: 1 }));
    await h.timers.advance(100);
    h.answers = () => ({ ok: false, detail: 'EMFILE', local: true });
    await h.timers.advance(60_000);
    expect(h.checker.row('a')).toMatchObject({
      health: 'healthy',
      failures: 0,
      last: { ok: false, detail: 'EMFILE' },
    });
    h.checker.stop();
  });

  it('does not probe a task without an address', async () => {
    const h = new Harness(webCheck);
    h.checker.start();
    h.put(web('a', '10.0.0.7', { endpoints: [] }));
    await h.timers.advance(10);
    expect(h.checker.row('a')?.last).toMatchObject({ ok: false, detail: 'the task has no address' });
    expect(h.probed).toEqual([]);
    h.checker.stop();
  });

  it('counts clients’ failures if the check says so, and asks a probe at once', async () => {
    const h = new Harness({ services: new Map([['default/shop/web', tcp(80, { passive: true })]]) });
    h.checker.start();
    h.put(web('a', '10.0.0.7', { startedAt: 1 }));
    await h.timers.advance(100);
    const probes = h.probed.length;
    for (let count = 0; count < 5; count++) h.checker.observeFailure('a', 'reset before the first byte');
    await h.timers.advance(0);
    expect(h.probed.length).toBe(probes + 1);
    expect(h.checker.row('a')).toMatchObject({ health: 'healthy', failures: 0 });

    h.answers = () => refuse;
    for (let count = 0; count < 3; count++) {
      h.checker.observeFailure('a', 'ECONNREFUSED');
      await h.timers.advance(0);
    }
    expect(h.checker.row('a')?.health).toBe('unhealthy');
    h.checker.stop();
  });

  it('ignores clients if the check does not say so', async () => {
    const h = new Harness(webCheck);
    h.checker.start();
    h.put(web('a', '10.0.0.7', { startedAt: 1 }));
    await h.timers.advance(100);
    const probes = h.probed.length;
    for (let count = 0; count < 5; count++) h.checker.observeFailure('a', 'ECONNREFUSED');
    await h.timers.advance(0);
    expect([h.probed.length - probes, h.checker.row('a')?.failures]).toEqual([0, 0]);
    h.checker.stop();
  });

  it('counts its probes by result, and its tasks by kind and health', async () => {
    const tally = new ProbeTally();
    const h = new Harness(webCheck, { observe: (sample) => tally.observe(sample) });
    h.checker.start();
    h.put(web('a', '10.0.0.7'), web('b', '10.0.0.8'), web('c', '10.0.0.9', { health: 'stopped' }));
    h.answers = (ip) => (ip === '10.0.0.7' ? pass : refuse);
    await h.timers.advance(1500);
    h.answers = () => ({ ...refuse, local: true });
    await h.timers.advance(2000);
    const [counts, ...others] = tally.kinds();
    const of = (ip: string, from: number, to: number) =>
      h.probed.filter((each) => each.ip === ip && each.at >= from && each.at < to).length;
    const [begin, middle] = [h.timers.now() - 3500, h.timers.now() - 2000];
    expect(counts).toMatchObject({
      kind: 'tcp',
      passed: of('10.0.0.7', begin, middle),
      failed: of('10.0.0.8', begin, middle),
      local: of('10.0.0.7', middle, Infinity) + of('10.0.0.8', middle, Infinity),
    });
    expect(others).toEqual([]);
    expect(counts?.took.counts.reduce((sum, count) => sum + count)).toBe(h.probed.length);
    expect(tally.late().counts.reduce((sum, count) => sum + count)).toBe(h.probed.length);
    expect(h.checker.tally()).toEqual([
      { kind: 'tcp', health: 'healthy', count: 1 },
      { kind: 'tcp', health: 'initializing', count: 1 },
      { kind: 'tcp', health: 'stopped', count: 1 },
    ]);
    h.checker.stop();
  });

  it('shows what Docker’s own checks say, and adds nothing', async () => {
    const h = new Harness({});
    h.checker.start();
    h.put(web('a', '10.0.0.7', { health: 'initializing', healthFrom: 'check' }));
    expect(h.checker.row('a')).toMatchObject({ kind: 'docker', health: 'initializing' });
    await h.timers.advance(90_000);
    h.put(web('a', '10.0.0.7', { healthFrom: 'check' }));
    expect(h.checker.row('a')).toMatchObject({ health: 'healthy', since: h.timers.now() });
    await h.timers.advance(1000);
    expect([h.told(), h.probed]).toEqual([[], []]);
    h.checker.stop();
  });

  it('reports the problems of labels and withdraws them', async () => {
    const h = new Harness({});
    h.checker.start();
    h.put(web('a', '10.0.0.7', { labels: { 'fairlead.health.port': 'http' } }), web('b', '10.0.0.8'));
    await h.timers.advance(0);
    expect(h.problems).toMatchObject([{ code: 'health-check-invalid', task: 'a' }]);
    h.docker.update({ removedTasks: ['a'] });
    await h.timers.advance(0);
    expect([h.problems, h.told()]).toEqual([[], []]);
    h.checker.stop();
  });

  it('continues with new definitions when the configuration was read again', async () => {
    const h = new Harness(webCheck);
    h.checker.start();
    h.put(web('a', '10.0.0.7'), web('b', '10.0.1.7', { service: ref('db.shop') }));
    await h.timers.advance(1000);
    h.told();
    h.checker.reload(
      new CheckBook({
        services: new Map<string, HealthCheck>([
          ['default/shop/web', http(81)],
          ['default/shop/db', tcp(5432)],
        ]),
      }),
    );
    await h.timers.advance(0);
    expect(h.told()).toEqual(['b healthy: assumed healthy until probes show otherwise']);
    expect([h.checker.row('a'), h.checker.row('b')]).toMatchObject([
      { health: 'healthy', check: 'http 10.0.0.7:81/' },
      { health: 'healthy', check: 'tcp 10.0.1.7:5432' },
    ]);
    h.checker.reload(new CheckBook());
    await h.timers.advance(10_000);
    expect(h.told()).toEqual(['a not checked', 'b not checked']);
    expect(h.timers.pending).toBe(0);
    h.checker.stop();
  });

  it('switches between its own probes and Docker’s', async () => {
    const h = new Harness({});
    h.checker.start();
    h.put(web('a', '10.0.0.7', { healthFrom: 'check' }));
    await h.timers.advance(100_000);
    h.checker.reload(new CheckBook(webCheck));
    await h.timers.advance(5000);
    expect([h.told(), h.probed.length > 0]).toEqual([
      ['a healthy: assumed healthy until probes show otherwise'],
      true,
    ]);
    h.checker.reload(new CheckBook());
    const probes = h.probed.length;
    await h.timers.advance(5000);
    expect([h.told(), h.probed.length]).toEqual([['a not checked'], probes]);
    expect(h.checker.row('a')).toMatchObject({ kind: 'docker', health: 'healthy' });
    h.checker.stop();
  });

  it('settles with a catalog that shows what it reports', async () => {
    const overlay = new HealthOverlay();
    const h: Harness = new Harness(webCheck, {
      previous: (task) => overlay.reportOf(task),
      sink: {
        report: (reports) => {
          h.reports.push(...reports);
          for (const { task, report } of reports) overlay.report(task, report);
          show();
        },
        problems: () => undefined,
      },
    });
    overlay.expectation = expectFrom(new CheckBook(webCheck), () => h.timers.now());
    const facts: Task[] = [{ ...web('a', '10.0.0.7'), source: 'docker' }];
    const show = (): void => h.docker.replace({ tasks: facts.map((fact) => overlay.apply(fact)) });
    const shown = (): string | undefined => h.catalog.snapshot.task('a')?.health;
    h.checker.start();
    show();
    expect(shown()).toBe('initializing');
    await h.timers.advance(1000);
    expect([shown(), h.reports.length]).toEqual(['healthy', 2]);

    overlay.drain({ target: { service: 'default/shop/web' }, at: 0 });
    show();
    expect([shown(), h.checker.row('a')?.health]).toEqual(['draining', 'draining']);
    h.answers = () => refuse;
    await h.timers.advance(7000);
    expect(shown()).toBe('draining');
    overlay.undrain({ service: 'default/shop/web' });
    show();
    await h.timers.advance(0);
    expect([shown(), h.checker.row('a')?.health]).toEqual(['unhealthy', 'unhealthy']);
    h.answers = () => pass;
    await h.timers.advance(20_000);
    expect([shown(), h.probed.length < 20]).toEqual(['healthy', true]);
    h.checker.stop();
  });

  it('counts a beat at once and misses it after the timeout', async () => {
    const h = new Harness({});
    const board = new TtlBoard(() => h.timers.now());
    const check = { kind: 'ttl', ...commonOf, interval: 30_000, rise: 1, fall: 1 } as const;
    const checker = new Checker({
      catalog: h.catalog,
      book: new CheckBook({ services: new Map([['default/shop/web', check]]) }),
      probeFor: () => board.probe(check.interval),
      sink: { report: (reports) => void h.reports.push(...reports), problems: () => undefined },
      timers: h.timers,
      clock: () => h.timers.now(),
    });
    board.onBeat = (task) => void checker.probeNow(task);
    checker.start();
    h.put(web('a', '10.0.0.7'));
    await h.timers.advance(1000);
    board.beat('a', true, '');
    await h.timers.advance(20_000);
    board.beat('a', true, '');
    await h.timers.advance(29_900);
    expect(h.told().at(-1)).toBe('a healthy: probe ttl 30 s: beat');
    await h.timers.advance(200);
    expect(h.told()).toEqual(['a unhealthy: probe ttl 30 s: TTL expired: no beat for 30 s']);
    board.beat('a', true, 'well again');
    board.beat('a', false, 'disk full');
    await h.timers.advance(0);
    expect(h.told()).toEqual([
      'a healthy: probe ttl 30 s: well again',
      'a unhealthy: probe ttl 30 s: disk full',
    ]);
    checker.stop();
  });

  it('leaves no timer and no probe behind, and reports nothing more', async () => {
    const h = new Harness(webCheck);
    h.answers = () => 'hang';
    h.checker.start();
    h.put(web('a', '10.0.0.7'), web('b', '10.0.0.8'));
    await h.timers.advance(100);
    h.told();
    h.checker.stop();
    await h.timers.advance(100_000);
    expect([h.running, h.timers.pending, h.told()]).toEqual([0, 0, []]);
    h.put(web('c', '10.0.0.9'));
    expect([[...h.checker.rows()], h.probed.length]).toEqual([[], 2]);
  });

  it('ends in the state of the latest facts, whatever came before', async () => {
    const anyFact = fc.record({
      id: fc.constantFrom('a', 'b'),
      health: fc.constantFrom('healthy' as const, 'draining' as const, 'stopped' as const),
      startedAt: fc.integer({ min: 1, max: 3 }),
      ip: fc.constantFrom('10.0.0.1', '10.0.0.2'),
      label: fc.constantFrom('80', 'x', ''),
      gone: fc.boolean(),
      answer: fc.constantFrom(pass, refuse, 'hang' as const),
      wait: fc.integer({ min: 0, max: 3000 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(anyFact, { maxLength: 12 }), async (facts) => {
        const h = new Harness({});
        h.checker.start();
        for (const { id, health, startedAt, ip, label, gone, answer, wait } of facts) {
          h.answers = () => answer;
          const labels: Record<string, string> = label === '' ? {} : { 'fairlead.health.port': label };
          if (gone) h.docker.update({ removedTasks: [id] });
          else h.put(web(id, ip, { health, startedAt, labels }));
          await h.timers.advance(wait);
        }
        h.answers = () => pass;
        await h.timers.advance(400_000);
        const expected = [...h.catalog.snapshot.tasks()]
          .filter(({ labels }) => labels['fairlead.health.port'] === '80')
          .map(({ id, health }) => [id, health]);
        const rows = [...h.checker.rows()];
        expect(rows.map(({ task, health }) => [task, health]).sort()).toEqual(expected.sort());
        for (const row of rows) expect(row.next !== undefined).toBe(row.health !== 'stopped');
        h.checker.stop();
        await h.timers.advance(0);
        expect([h.running, h.timers.pending]).toEqual([0, 0]);
      }),
      { numRuns: 15 },
    );
  });
});
