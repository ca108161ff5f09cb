import { beforeEach, describe, expect, it } from 'vitest';
import { InternalErrors } from '../../src/daemon/internal-errors.js';
import { silentLog } from '../../src/net/log.js';

let now: number;
let ended: number;
let errors: InternalErrors;

beforeEach(() => {
  [now, ended] = [0, 0];
  errors = new InternalErrors({
    log: silentLog,
    onTooMany: () => ended++,
    now: () => now,
    clock: () => Date.parse('2026-01-02T03:04:05Z'),
  });
});

describe('uncaught errors', () => {
  it('are counted, and shown as one problem with the latest of them', () => {
    expect(errors.problems()).toEqual([]);
    errors.note(new Error('first'));
    errors.note('second\nline');
    expect(errors.count).toBe(2);
    expect(errors.problems()).toEqual([
      {
        code: 'internal-error',
        subject: 'fairlead',
        message:
          '2 internal errors since the start, the last at 2026-01-02T03:04:05.000Z: second; please report it with its lines in the log',
      },
    ]);
  });

  it('end the process once, after five within a minute', () => {
    for (let count = 1; count <= 4; count++) errors.note('x');
    expect(ended).toBe(0);
    errors.note('x');
    errors.note('x');
    expect(ended).toBe(1);
  });

  it('never end it when they come one by one', () => {
    for (let count = 1; count <= 50; count++) {
      now += 15_001;
      errors.note('x');
    }
    expect(ended).toBe(0);
  });
});
