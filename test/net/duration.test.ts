import { describe, expect, it } from 'vitest';
import { durationPattern, parseDuration } from '../../src/net/duration.js';

describe('a duration', () => {
  it.each([
    ['500ms', 500],
    ['2s', 2000],
    ['1m30s', 90_000],
    ['1h30m', 5_400_000],
    ['1.5h', 5_400_000],
    ['1.1s', 1100],
    ['7d', 604_800_000],
    ['1d12h', 129_600_000],
    ['250000us', 250],
    ['100ns', 1],
    ['0', 0],
    ['0s', 0],
    ['0h0m', 0],
  ])('%s is %d ms', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
    expect(durationPattern.test(text)).toBe(true);
  });

  it.each([
    '',
    '2000',
    '1',
    '00',
    '-1s',
    '+1s',
    '1 s',
    '1s 1s',
    '1m30',
    '.5s',
    '1.s',
    '1S',
    '1w',
    '1e3s',
    '１s',
  ])('"%s" is not one', (text) => expect(parseDuration(text)).toBeUndefined());

  it('is not a text longer than a person would write', () => {
    expect(parseDuration('1s'.repeat(21))).toBeUndefined();
  });
});
