import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { TaskFact } from '../../src/catalog/facts.js';
import { silentLog } from '../../src/net/log.js';
import { plainTarget } from '../../src/render/consul-template-config.js';
import { Renderer } from '../../src/render/renderer.js';
import { TaskAnswers } from '../../src/render/task-answers.js';
import { HeldTimers } from '../support/held-timers.js';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'fairlead-evaluations-'));
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

function task(service: string, weight: number): TaskFact {
  return {
    id: service.padEnd(64, '0'),
    name: service,
    names: [service],
    environment: 'default',
    stack: 'shop',
    service: { environment: 'default', stack: 'shop', service },
    health: 'healthy',
    endpoints: [{ network: 'net1', ip: '10.1.0.2' }],
    ports: [{ port: 80, protocol: 'tcp', target: 80 }],
    labels: {},
    links: {},
    weight,
    expose: false,
  };
}

test('100 templates on one service that changes: one evaluation each, and one write where bytes differ', async () => {
  let evaluations = 0;
  const environment = {
    get COUNTED() {
      evaluations += 1;
      return '';
    },
  };
  const port = new TaskAnswers({
    name: 'host',
    address: '192.0.2.1',
    environment: 'default',
    datacenter: 'dc1',
    addresses: 'container',
  });
  port.use([task('web', 1), task('db', 1)]);
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
    settings: { host: { environment, allowPlugin: false, allowWriteToFile: false }, now: () => 0 },
    timers,
    log: silentLog,
    onRound: (round) => (written += round.written),
  });
  const files = () => Array.from({ length: 100 }, (_, at) => statSync(path(at)).ino);
  const round = async (change: () => void) => {
    [evaluations, written] = [0, 0];
    change();
    timers.advance(100);
    await renderer.settled();
    return { evaluations, written };
  };

  expect(await round(() => renderer.start())).toEqual({ evaluations: 100, written: 100 });
  const before = files();
  const changed = await round(() => {
    // Five changes within the time that changes are gathered.
    for (const weight of [2, 3, 4, 5, 6]) {
      port.load({ tasks: [task('web', weight)] });
      port.refresh();
      renderer.changed();
    }
  });
  expect(changed).toEqual({ evaluations: 100, written: 50 });
  expect([0, 1].map((at) => readFileSync(path(at), 'utf8'))).toEqual(['6', '10.1.0.2']);
  const replaced = files().filter((inode, at) => inode !== before[at]);
  expect(replaced).toHaveLength(50);

  const other = await round(() => {
    port.load({ tasks: [task('db', 9)] });
    port.refresh();
    renderer.changed();
  });
  expect(other).toEqual({ evaluations: 0, written: 0 });
  await renderer.stop();
});
