import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { silentLog } from '../../src/net/log.js';
import { plainTarget } from '../../src/render/template-target.js';
import { Renderer } from '../../src/render/renderer.js';
import { HeldTimers } from '../support/held-timers.js';
import { countingSettings, shopTask, taskAnswers } from '../support/rendering.js';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'fairlead-evaluations-'));
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

test('100 templates on one service that changes: one evaluation each, and one write where bytes differ', async () => {
  const settings = countingSettings(() => 0);
  const port = taskAnswers([shopTask('web', 1), shopTask('db', 1)]);
  const timers = new HeldTimers();
  const path = (at: number) => join(dir, `${at}.conf`);
  let written = 0;
  const renderer = new Renderer({
    // Every second file shows the weight, which is what changes.
    targets: Array.from({ length: 100 }, (_, at) => {
      const field = at % 2 === 0 ? 'Weights.Passing' : 'Address';
      const text = `{{env "COUNTED"}}{{range service "web"}}{{.${field}}}{{end}}`;
      return plainTarget({ text, name: `${at}` }, path(at), { min: 100, max: 1000 });
    }),
    port,
    settings,
    timers,
    log: silentLog,
    onRound: (round) => (written += round.written),
  });
  const files = () => Array.from({ length: 100 }, (_, at) => statSync(path(at)).ino);
  const round = async (change: () => void) => {
    [settings.evaluations, written] = [0, 0];
    change();
    timers.advance(100);
    await renderer.settled();
    return { evaluations: settings.evaluations, written };
  };

  expect(await round(() => renderer.start())).toEqual({ evaluations: 100, written: 100 });
  const before = files();
  const changed = await round(() => {
    // Five changes within the time that changes are gathered.
    for (const weight of [2, 3, 4, 5, 6]) {
      port.load({ tasks: [shopTask('web', 1, { weight })] });
      port.refresh();
      renderer.changed();
    }
  });
  expect(changed).toEqual({ evaluations: 100, written: 50 });
  expect([0, 1].map((at) => readFileSync(path(at), 'utf8'))).toEqual(['6', '10.1.0.2']);
  const replaced = files().filter((inode, at) => inode !== before[at]);
  expect(replaced).toHaveLength(50);

  const other = await round(() => {
    port.load({ tasks: [shopTask('db', 1, { weight: 9 })] });
    port.refresh();
    renderer.changed();
  });
  expect(other).toEqual({ evaluations: 0, written: 0 });
  await renderer.stop();
});
