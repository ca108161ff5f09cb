import { describe, expect, it } from 'vitest';
import { amplification } from './amplification.js';
import { deafClients } from './deaf-client.js';
import { holds, TIMES, type Figure } from './figure.js';
import { loops } from './loops.js';
import { pointerBombs } from './pointer-bomb.js';
import { randomNames } from './random-names.js';
import { replyFlood } from './reply-flood.js';
import { singleFlight } from './single-flight.js';
import { slowConnectionsSmall } from './slow-connections.js';
import { spoofing } from './spoofing.js';
import { isThorough } from '../support/depth.js';

/** Bounds on times are for `npm run test:attack`: here the machine may be busy. */
const isTime = ({ unit }: Figure) => TIMES.includes(unit);

const attacks: readonly (readonly [string, () => Promise<Figure[]>])[] = [
  ['amplification', amplification],
  ['spoofed replies', spoofing],
  ['random names', () => randomNames({ names: 2000, cacheBytes: 64 * 1024 })],
  ['connections that send too slowly', slowConnectionsSmall],
  ['clients that never read', () => deafClients(300)],
  ['forwarding loops', loops],
  ['many queries for one name at once', singleFlight],
  ['reply flood', replyFlood],
  ['pointer bombs', () => pointerBombs(isThorough ? 20 : 5)],
];

describe('under attack', () => {
  it.each(attacks)('%s: every limit holds', async (_name, attack) => {
    const figures = (await attack()).filter((figure) => !isTime(figure));
    expect(figures.length).toBeGreaterThan(0);
    expect(figures.filter((figure) => !holds(figure))).toEqual([]);
  });
});

describe('a figure', () => {
  const figure = { attack: 'a', what: 'b', value: 5, unit: 'x' };

  it.each([
    [{ atMost: 5 }, true],
    [{ atMost: 4 }, false],
    [{ atLeast: 5 }, true],
    [{ atLeast: 6 }, false],
  ] as const)('of 5 with the limit %o: %s', (bound, kept) => {
    expect(holds({ ...figure, bound: { ...bound, because: 'c' } })).toBe(kept);
  });
});
