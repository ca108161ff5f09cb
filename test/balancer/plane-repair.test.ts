import { beforeEach, describe, expect, it } from 'vitest';
import { PlaneRepair } from '../../src/balancer/plane-repair.js';
import { recordedLog } from '../support/recorded-log.js';

let now: number;
let repairs: number[];
let fails: string | undefined;
let warned: string[];
let repair: PlaneRepair;

beforeEach(() => {
  [now, repairs, fails, warned] = [0, [], undefined, []];
  repair = new PlaneRepair({
    repair() {
      repairs.push(now);
      return fails === undefined ? Promise.resolve() : Promise.reject(new Error(fails));
    },
    retryMs: 10_000,
    now: () => now,
    log: recordedLog(warned),
  });
});

const at = async (time: number): Promise<void> => {
  now = time;
  await repair.run();
};

describe('what looks after a data plane', () => {
  it('does so every half a minute, and not when there is nothing', async () => {
    await at(100_000);
    expect([repairs, repair.dueAt]).toEqual([[], Infinity]);
    repair.begin();
    await at(129_999);
    await at(130_000);
    await at(130_001);
    expect([repairs, repair.dueAt, repair.done]).toEqual([[130_000], 160_000, 0]);
    repair.end();
    repair.tampered();
    await at(1_000_000);
    expect(repairs).toEqual([130_000]);
  });

  it('does so at once when it is told that something is gone, counts it, and says how long it took', async () => {
    repair.begin();
    now = 5000;
    repair.tampered();
    repair.tampered();
    expect(repair.dueAt).toBe(5000);
    await at(5007);
    expect([repairs, repair.done, repair.dueAt]).toEqual([[5007], 1, 35_007]);
    expect(warned).toEqual(['another program took rules of virtual IPs away; they are back after 7 ms']);
  });

  it('rests a little between two repairs, whatever another program does', async () => {
    repair.begin();
    for (now = 1000; now < 2000; now++) {
      repair.tampered();
      await repair.run();
    }
    expect(repairs).toEqual([1000, 1200, 1400, 1600, 1800]);
  });

  it('tries again what has failed, and counts it when it is done', async () => {
    repair.begin();
    fails = 'nft is away';
    now = 1000;
    repair.tampered();
    await at(1000);
    await at(11_000);
    expect([repairs, repair.fault, repair.done]).toEqual([[1000, 11_000], 'nft is away', 0]);
    fails = undefined;
    await at(21_000);
    expect([repair.fault, repair.done, warned]).toEqual([
      undefined,
      1,
      ['nft is away', 'another program took rules of virtual IPs away; they are back after 20000 ms'],
    ]);
  });
});
