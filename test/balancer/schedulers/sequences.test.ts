import { describe, expect, it } from 'vitest';
import type { Destination } from '../../../src/balancer/schedulers/scheduler.js';
import type { SchedulerName } from '../../../src/net/balancing.js';
import { FLOW, destination, fill, flowTo, run, schedulerWith } from './support.js';

/** `a5 b1/3/2 c1<4`: weight 5; weight 1 with 3 open and 2 closing connections; weight 1 and upper threshold 4. */
function parse(text: string): Destination[] {
  return text.split(' ').map((part) => {
    const [, id = '', weight, active = 0, inactive = 0, upper = 0] =
      /^([a-z])(\d+)(?:\/(\d+))?(?:\/(\d+))?(?:<(\d+))?$/.exec(part) ?? [];
    return destination(id, {
      weight: Number(weight),
      active: Number(active),
      inactive: Number(inactive),
      upper: Number(upper),
    });
  });
}

interface Sequence {
  readonly name: SchedulerName;
  readonly why: string;
  readonly destinations: string;
  /** Ids of the picks in turn; `-`: nobody took it. */
  readonly picks: string;
}

/** Connections end at once. */
const SHORT: readonly Sequence[] = [
  { name: 'rr', why: 'turns, weights do not count', destinations: 'a5 b1 c2', picks: 'abcabca' },
  { name: 'rr', why: 'steps over who takes nothing', destinations: 'a1 b0 c1/2<2 d1', picks: 'adadad' },
  { name: 'wrr', why: 'smooth, as nginx', destinations: 'a5 b1 c1', picks: 'aabacaaaabacaa' },
  { name: 'wrr', why: 'smooth, 4:2:1', destinations: 'a4 b2 c1', picks: 'abacabaabacaba' },
  { name: 'wrr', why: 'equal weights are turns', destinations: 'a3 b3 c3', picks: 'abcabc' },
  { name: 'wrr', why: 'quiesced ones earn nothing', destinations: 'a2 b0 c1', picks: 'acaaca' },
  { name: 'lc', why: 'fewest open connections', destinations: 'a9/3 b1/1 c1/2', picks: 'bbb' },
  { name: 'lc', why: 'closing ones count 1/256', destinations: 'a1/1/255 b1/2 c1/1/254', picks: 'ccc' },
  {
    name: 'lc',
    why: '256 closing ones make one open, first wins',
    destinations: 'a1/2 b1/1/256',
    picks: 'aa',
  },
  { name: 'wlc', why: 'for their weight', destinations: 'a1/2 b4/7 c2/4', picks: 'bbb' },
  { name: 'wlc', why: 'first of equals', destinations: 'a2/4 b1/2 c3/6', picks: 'aaa' },
  { name: 'wlc', why: 'all idle: the first, whatever its weight', destinations: 'a1 b9', picks: 'aa' },
  { name: 'sed', why: 'all idle: the greatest weight', destinations: 'a1 b9 c9', picks: 'bb' },
  { name: 'sed', why: 'first of equals', destinations: 'a2/3 b1/1', picks: 'aa' },
  { name: 'nq', why: 'an idle one before a better one', destinations: 'a9/1 b1 c1', picks: 'bb' },
  { name: 'nq', why: 'closing ones do not make it busy', destinations: 'a9/1 b1/0/9', picks: 'bb' },
  { name: 'nq', why: 'none idle: as sed', destinations: 'a1/1 b3/2', picks: 'bb' },
  { name: 'fo', why: 'the greatest weight alone', destinations: 'a1 b3/99 c3', picks: 'bbb' },
  { name: 'fo', why: 'the next when it is full', destinations: 'a1 b3/9<9 c2', picks: 'ccc' },
];

/** Connections stay open. */
const LONG: readonly Sequence[] = [
  { name: 'lc', why: 'turns', destinations: 'a3 b1 c1', picks: 'abcabc' },
  { name: 'wlc', why: 'by weight', destinations: 'a1 b3', picks: 'abbbabbb' },
  { name: 'sed', why: 'by weight, one ahead', destinations: 'a1 b3', picks: 'bbabbbab' },
  { name: 'nq', why: 'one each, then as sed', destinations: 'a1 b3', picks: 'abbbbbab' },
  { name: 'fo', why: 'until the threshold', destinations: 'a2<2 b1<1 c0', picks: 'aab--' },
  { name: 'ovf', why: 'weight + 1 each, then nobody', destinations: 'a1 b2', picks: 'bbbaa--' },
  { name: 'ovf', why: 'the threshold before the weight', destinations: 'a1 b2<1', picks: 'baa-' },
  // One VIP: stays until it has more than its weight and another has less than half of its own.
  { name: 'lblc', why: 'moves when overloaded', destinations: 'a1 b1 c1', picks: 'aabbccccc' },
  { name: 'lblc', why: 'has room up to the weight', destinations: 'a1 b4', picks: 'aabbbbbb' },
  { name: 'lblc', why: 'stays when nobody is half empty', destinations: 'a1 b2/1', picks: 'aaaa' },
  { name: 'lblcr', why: 'others join when overloaded', destinations: 'a1 b1 c1', picks: 'aabbccabc' },
];

describe('exact sequences, connections that end at once', () => {
  it.each(SHORT)('$name: $why', ({ name, destinations, picks }) => {
    const scheduler = schedulerWith(name, parse(destinations));
    expect(run(scheduler, picks.length, () => FLOW).join('')).toBe(picks);
  });
});

describe('exact sequences, connections that stay', () => {
  it.each(LONG)('$name: $why', ({ name, destinations, picks }) => {
    const scheduler = schedulerWith(name, parse(destinations));
    expect(fill(scheduler, picks.length, () => FLOW).join('')).toBe(picks);
  });
});

describe('changes in between', () => {
  it.each([
    {
      change: 'the last one picked leaves',
      first: 'a1 b1 c1 d1',
      picks: 2,
      second: 'a1 c1 d1',
      then: 'cdac',
    },
    { change: 'the first leaves', first: 'a1 b1 c1', picks: 2, second: 'b1 c1', then: 'cbc' },
    { change: 'all up to the last one leave', first: 'a1 b1 c1', picks: 2, second: 'c1 d1', then: 'cd' },
    { change: 'one joins in front', first: 'b1 c1', picks: 1, second: 'a1 b1 c1', then: 'cabc' },
  ])('rr: $change', ({ first, picks, second, then }) => {
    const scheduler = schedulerWith('rr', parse(first));
    run(scheduler, picks);
    scheduler.update(parse(second));
    expect(run(scheduler, then.length).join('')).toBe(then);
  });

  it('wrr: remaining destinations keep their turn, and new ones start level with the others', () => {
    const scheduler = schedulerWith('wrr', parse('a1 b1 c1'));
    expect(run(scheduler, 1)).toEqual(['a']);
    scheduler.update(parse('c1 b1 a1'));
    expect(run(scheduler, 4).join('')).toBe('cbcb');
    // Next would be a; the others were picked once more than it.
    scheduler.update(parse('c1 b1 d1 e1'));
    expect(run(scheduler, 8).join('')).toBe('cbdecbde');
  });

  it('wrr: debt from large weights does not take endless turns at small ones', () => {
    const scheduler = schedulerWith('wrr', parse('a65535 b65535'));
    run(scheduler, 1);
    scheduler.update(parse('a1 b1'));
    expect(run(scheduler, 6).join('')).toBe('bababa');
  });

  it('lblc: an address keeps its destination, and gets another when that is quiesced', () => {
    const destinations = parse('a1 b1 c1');
    const scheduler = schedulerWith('lblc', destinations);
    expect(fill(scheduler, 3, flowTo)).toEqual(['a', 'b', 'c']);
    expect(run(scheduler, 3, flowTo)).toEqual(['a', 'b', 'c']);
    scheduler.update(parse('a1/1 b0/1 c1/5'));
    expect(run(scheduler, 3, flowTo)).toEqual(['a', 'a', 'c']);
  });

  it('lblcr: a set that was the same for a day loses its most loaded member', () => {
    const DAY = 86_400_000;
    let clock = 0;
    const destinations = parse('a1 b4');
    const [first, second] = destinations;
    const scheduler = schedulerWith('lblcr', destinations, { now: () => clock });
    expect(fill(scheduler, 3, () => FLOW)).toEqual(['a', 'a', 'b']);
    if (first === undefined || second === undefined) throw new Error('no destinations');
    [first.active, second.active] = [0, 1];
    expect(run(scheduler, 2, () => FLOW)).toEqual(['a', 'a']);
    clock = DAY - 1;
    expect(run(scheduler, 1, () => FLOW)).toEqual(['a']);
    clock = DAY + 1;
    expect(run(scheduler, 1, () => FLOW)).toEqual(['a']);
    // b was dropped: while a is not overloaded it is alone, however busy.
    first.active = 1;
    second.active = 0;
    expect(run(scheduler, 3, () => FLOW)).toEqual(['a', 'a', 'a']);
  });

  it('lblc and lblcr forget an address after a day without use', () => {
    for (const name of ['lblc', 'lblcr'] as const) {
      let clock = 0;
      const destinations = parse('a1 b1');
      const scheduler = schedulerWith(name, destinations, { now: () => clock });
      expect(fill(scheduler, 1, () => FLOW)).toEqual(['a']);
      clock = 86_399_999;
      expect(run(scheduler, 1, () => FLOW)).toEqual(['a']);
      clock += 86_400_000;
      expect(run(scheduler, 1, () => FLOW)).toEqual(['b']);
    }
  });
});
