import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readFileSync } from 'node:fs';
import { defaultTiming, type CheckTiming } from '../../src/health/check.js';
import { noDamping, noteFall } from '../../src/health/damping.js';
import {
  expiresAt,
  firstState,
  healthOf,
  step,
  type HealthEvent,
  type HealthState,
} from '../../src/health/state-machine.js';
import { runs } from '../support/depth.js';

const check: CheckTiming = { ...defaultTiming };
const pass: HealthEvent = { type: 'result', ok: true, detail: 'connected' };
const fail: HealthEvent = { type: 'result', ok: false, detail: 'ECONNREFUSED' };
const passive: HealthEvent = { type: 'passive', detail: 'reset' };
const start: HealthEvent = { type: 'start' };
const stop: HealthEvent = { type: 'stop', detail: 'exit 1' };
const drain: HealthEvent = { type: 'drain', detail: 'stop signal 15 sent' };
const resume: HealthEvent = { type: 'resume' };
const tick: HealthEvent = { type: 'tick' };
const unclear: HealthEvent = { type: 'inconclusive', detail: 'EMFILE' };

/** Runs events a second apart. @returns health and cause after each */
function run(events: readonly HealthEvent[], state: HealthState = firstState(0)): [string, string][] {
  let now = state.since;
  let current = state;
  return events.map((event) => {
    now += 1000;
    const stepped = step(current, event, check, now);
    current = stepped.state;
    return [healthOf(current), stepped.cause];
  });
}

const healthy = (): HealthState => firstState(0, 'healthy');

describe('the state machine', () => {
  it.each<[string, HealthState, HealthEvent[], string, string]>([
    ['becomes healthy with the last success of rise', firstState(0), [pass, pass], 'healthy', 'connected ×2'],
    ['not with one success less', firstState(0), [pass], 'initializing', ''],
    ['not with successes that failures part', firstState(0), [pass, fail, pass], 'initializing', ''],
    ['drops failures while it starts', firstState(0), [fail, fail, fail, fail], 'initializing', ''],
    [
      'becomes unhealthy with the last failure of fall',
      healthy(),
      [fail, fail, fail],
      'unhealthy',
      'ECONNREFUSED ×3',
    ],
    ['not with one failure less', healthy(), [fail, fail], 'healthy', ''],
    ['not with failures that a success parts', healthy(), [fail, fail, pass, fail, fail], 'healthy', ''],
    ['comes back', healthy(), [fail, fail, fail, pass, pass], 'healthy', 'connected ×2'],
    ['is reinitializing when it starts again', healthy(), [stop, start], 'reinitializing', 'started again'],
    ['needs rise again then', healthy(), [stop, start, pass, pass], 'healthy', 'connected ×2'],
    ['drops failures while it starts again', healthy(), [start, fail, fail, fail], 'reinitializing', ''],
    ['stays unhealthy over a restart', firstState(0, 'unhealthy'), [start, pass], 'unhealthy', ''],
    ['stays initializing over a restart', firstState(0), [pass, start, pass], 'initializing', ''],
    ['is draining whatever probes say', healthy(), [drain, fail, fail, fail], 'draining', ''],
    ['is then what probes found', healthy(), [drain, fail, fail, fail, resume], 'unhealthy', 'drain ended'],
    ['stops out of a drain', healthy(), [drain, stop], 'stopped', 'exit 1'],
    ['is stopped whatever comes', healthy(), [stop, pass, pass, passive, drain, resume, tick], 'stopped', ''],
    ['clients alone do not make it unhealthy', healthy(), Array<HealthEvent>(9).fill(passive), 'healthy', ''],
    [
      'clients count for one failure less than fall',
      healthy(),
      [...Array<HealthEvent>(9).fill(passive), fail],
      'unhealthy',
      'ECONNREFUSED ×3',
    ],
    ['clients count toward fall', healthy(), [passive, passive, fail], 'unhealthy', 'ECONNREFUSED ×3'],
  ])('%s', (_name, state, events, health, cause) => {
    expect(run(events, state).at(-1)).toEqual([health, cause]);
  });

  it.each([
    ['initializing', firstState(0), 60_000, 'not healthy within 60 s of its start: ECONNREFUSED'],
    [
      'reinitializing',
      step(healthy(), start, check, 0).state,
      60_000,
      'not healthy within 60 s of its start: ECONNREFUSED',
    ],
  ])('%s ends after its timeout and not before', (health, state, limit, cause) => {
    const failed = step(state, fail, check, 10).state;
    expect(expiresAt(failed, check)).toBe(limit);
    expect(step(failed, tick, check, limit - 1)).toMatchObject({ changed: false });
    expect(healthOf(step(failed, tick, check, limit - 1).state)).toBe(health);
    const after = step(failed, tick, check, limit);
    expect([healthOf(after.state), after.cause]).toEqual(['unhealthy', cause]);
    expect(after.state.since).toBe(limit);
  });

  it('says what kept all probes of a slow start from giving a result', () => {
    const { state } = step(firstState(0), unclear, check, 10);
    expect(step(state, tick, check, 60_000).cause).toBe('not healthy within 60 s of its start: EMFILE');
    expect(step(firstState(0), tick, check, 60_000).cause).toMatch(/: no probe has ended$/);
  });

  it.each([
    ['a fall', [drain, fail, fail, fail], ['', '', '', 'ECONNREFUSED ×3']],
    ['a rise', [fail, fail, fail, drain, pass, pass], ['', '', 'ECONNREFUSED ×3', '', '', 'connected ×2']],
    ['the end of a drain', [drain, resume], ['', '']],
    ['a restart', [start], ['started again']],
  ])('knows the cause of a change found by probes, even during a drain: %s', (_, events, causes) => {
    let state = healthy();
    const found = events.map((event, index) => {
      const stepped = step(state, event, check, index * 1000);
      state = stepped.state;
      return stepped.probedCause;
    });
    expect(found).toEqual(causes);
  });

  it('holds a flapping task out, longer each time, and releases it after a calm period', () => {
    let state = healthy();
    let now = 0;
    const apply = (event: HealthEvent): string => {
      now += check.interval;
      const stepped = step(state, event, check, now);
      state = stepped.state;
      return stepped.cause;
    };
    const fall = (): string => [fail, fail, fail].map(apply).at(-1) ?? '';
    const rise = (): number => {
      const before = now;
      while (healthOf(state) !== 'healthy') apply(pass);
      return now - before;
    };
    const quick = 2 * check.interval;

    expect([fall(), rise(), fall(), rise()]).toEqual(['ECONNREFUSED ×3', quick, 'ECONNREFUSED ×3', quick]);
    const holds = Array.from({ length: 7 }, () => [fall(), rise()] as const);
    expect(holds[0]).toEqual(['ECONNREFUSED ×3; it changes too often, so it is held out for 10 s', 10_000]);
    expect(holds.map(([, held]) => held)).toEqual([
      10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000,
    ]);
    for (let probe = 0; probe < 600; probe++) apply(pass);
    expect([fall(), rise()]).toEqual(['ECONNREFUSED ×3', quick]);
  });
});

describe('damping', () => {
  /** Whether the last of these falls is one too many. @param times milliseconds */
  const holds = (times: readonly number[]): boolean => {
    const last = times.reduce((damping, now) => noteFall(damping, check, now), noDamping);
    return last.heldUntil > (times.at(-1) ?? NaN);
  };

  it('begins when docs/health.md says it does', () => {
    const text = readFileSync('docs/health.md', 'utf8').replaceAll(/\s+/g, ' ');
    expect(text).toContain('down for the third time within half a minute is held out for 10 seconds');
    expect(text).toContain('The holds end after two to four minutes of calm.');
    for (let between = 0; between <= 30_000; between += 100) expect(holds([0, between, 30_000])).toBe(true);
    for (let between = 0; between <= 80_000; between += 100) expect(holds([0, between, 80_000])).toBe(false);
    expect(holds([0, 20_000])).toBe(false);
  });

  it.each([
    ['not before three minutes', 180_000, 2],
    ['after four minutes', 240_000, 0],
  ])('ends with calm: %s, after many holds', (_, calm, holdsInARow) => {
    const held = Array.from({ length: 30 }, (_, n) => n * 1000).reduce(
      (damping, now) => noteFall(damping, check, now),
      noDamping,
    );
    const next = noteFall({ ...held, holds: 2 }, check, held.heldUntil + calm);
    expect(next.holds).toBe(holdsInARow);
  });
});

const anyEvent = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(pass, fail) },
  { weight: 1, arbitrary: fc.constantFrom(passive, start, stop, drain, resume, tick, unclear) },
);
const anyTrace = fc.array(fc.record({ event: anyEvent, wait: fc.integer({ min: 0, max: 30_000 }) }), {
  maxLength: 60,
});
const anyCheck = fc.record({
  ...Object.fromEntries(Object.keys(defaultTiming).map((key) => [key, fc.constant(0)])),
  interval: fc.integer({ min: 100, max: 20_000 }),
  timeout: fc.constant(1000),
  rise: fc.integer({ min: 1, max: 4 }),
  fall: fc.integer({ min: 1, max: 4 }),
  initializingTimeout: fc.integer({ min: 100, max: 60_000 }),
  reinitializingTimeout: fc.integer({ min: 100, max: 60_000 }),
}) as fc.Arbitrary<CheckTiming>;

interface Moment {
  readonly event: HealthEvent;
  readonly now: number;
  readonly before: HealthState;
  readonly after: HealthState;
  readonly changed: boolean;
  readonly cause: string;
}

/** Every step of a trace. */
function trace(steps: readonly { event: HealthEvent; wait: number }[], timing: CheckTiming): Moment[] {
  let now = 0;
  let state = firstState(0);
  return steps.map(({ event, wait }) => {
    now += wait;
    const before = state;
    const stepped = step(before, event, timing, now);
    state = stepped.state;
    return { event, now, before, after: state, changed: stepped.changed, cause: stepped.cause };
  });
}

/** Checks something of every trace. */
function always(property: (moments: readonly Moment[], timing: CheckTiming) => void): void {
  fc.assert(
    fc.property(anyTrace, anyCheck, (steps, timing) => property(trace(steps, timing), timing)),
    { numRuns: runs(2000) },
  );
}

/** The results that came last, newest first, back to what begins the count again. */
function resultsBefore(moments: readonly Moment[], at: number): boolean[] {
  const results: boolean[] = [];
  for (let index = at; index >= 0; index--) {
    const event = moments[index]?.event;
    if (event?.type === 'start' || event?.type === 'stop') break;
    if (event?.type === 'result') results.push(event.ok);
    if (event?.type === 'passive') results.push(false);
  }
  return results;
}

describe('on every path', () => {
  it('a stopped task is stopped until it starts', () => {
    always((moments) => {
      let stopped = false;
      for (const { event, after } of moments) {
        if (event.type === 'stop') stopped = true;
        if (event.type === 'start') stopped = false;
        expect(after.phase === 'stopped').toBe(stopped);
        if (stopped) expect(healthOf(after)).toBe('stopped');
      }
    });
  });

  it('a task becomes healthy by rise successes in a row and by nothing else', () => {
    always((moments, { rise }) => {
      for (const [at, { before, after }] of moments.entries()) {
        if (after.probed !== 'healthy' || before.probed === 'healthy') continue;
        expect(resultsBefore(moments, at).slice(0, rise)).toEqual(Array(rise).fill(true));
      }
    });
  });

  it('a healthy task becomes unhealthy by fall failures in a row, the last one a probe’s, and by nothing else', () => {
    always((moments, { fall }) => {
      for (const [at, { event, before, after }] of moments.entries()) {
        if (after.probed !== 'unhealthy' || before.probed !== 'healthy') continue;
        expect(event).toBe(fail);
        expect(resultsBefore(moments, at).slice(0, fall)).toEqual(Array(fall).fill(false));
      }
    });
  });

  it('a held task is not healthy', () => {
    always((moments) => {
      for (const { now, after } of moments)
        if (now < after.damping.heldUntil && after.probed !== 'initializing')
          expect(after.probed).not.toBe('healthy');
    });
  });

  it('no start lasts longer than its timeout', () => {
    always((moments, timing) => {
      for (const { now, after } of moments)
        if (after.phase !== 'stopped') expect(expiresAt(after, timing) ?? Infinity).toBeGreaterThan(now);
    });
  });

  it('every change is reported with its cause, and its time is kept', () => {
    always((moments) => {
      for (const { before, after, changed, cause, now } of moments) {
        expect(changed).toBe(healthOf(before) !== healthOf(after));
        expect(cause !== '').toBe(changed);
        expect(after.since).toBe(changed ? now : before.since);
      }
    });
  });
});
