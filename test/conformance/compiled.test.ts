import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadLibc } from '../../src/linux/libc.js';
import { allCases } from './cases/index.js';
import { runRow } from './run-table.js';
import { startFairlead, type FairleadTarget } from './targets/fairlead.js';

/** A name that does not exist is compiled when it is asked for again; then once more, to be answered so. */
const ROUNDS = 3;

const libc = await loadLibc();

/** Every row of the table that comes over UDP, asked until the answer is a compiled one, where there is one. */
describe.each(['dgram', 'native'] as const)(
  'the conformance table, answered from compiled answers: %s',
  (how) => {
    let fairlead: FairleadTarget;
    const skipped = how === 'native' && 'unavailable' in libc;

    beforeAll(async () => {
      if (!skipped) fairlead = await startFairlead(how);
    });

    afterAll(() => (skipped ? undefined : fairlead.stop()));

    for (const row of allCases.filter(({ carriage }) => carriage.over === 'udp')) {
      it.skipIf(skipped)(`${row.item}: ${row.name}`, async () => {
        for (let round = 0; round < ROUNDS; round++) {
          expect(await runRow(row, fairlead), `round ${round + 1}`).toEqual({ kind: 'agrees' });
        }
      });
    }

    it.skipIf(skipped)('were used', () => {
      const { own, upstream, sendErrors } = fairlead.counts();
      expect(own).toBeGreaterThan(150);
      expect(upstream).toBeGreaterThan(5);
      expect(sendErrors).toBe(0);
    });
  },
);
