import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TaskFact } from '../src/catalog/facts.js';
import { silentLog } from '../src/net/log.js';
import { plainTarget } from '../src/render/template-target.js';
import { systemTimers } from '../src/runtime/timers.js';
import { Renderer } from '../src/render/renderer.js';
import { countingSettings, shopTask, taskAnswers } from '../test/support/rendering.js';

/** 1,000 services of 10 tasks through an nginx template: the first render, and one changed task. */
const [SERVICES, TASKS, CHANGES] = [1000, 10, 50];
const TEMPLATE = `{{range services}}upstream {{.Name}} {
{{- range service .Name}}
    server {{.Address}}:{{.Port}} weight={{.Weights.Passing}};
{{- end}}
}
{{end}}`;
const BARS = { first: 150, change: 20 };

function task(service: number, number: number, weight = 1): TaskFact {
  const ip = `10.${service >> 8}.${service & 255}.${number + 1}`;
  return shopTask(`web-${service}`, number, { endpoints: [{ network: 'net1', ip }], weight });
}

const cpu = (since?: NodeJS.CpuUsage) => {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
};
const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

const dir = mkdtempSync(join(tmpdir(), 'fairlead-bench-render-'));
const tasks = Array.from({ length: SERVICES * TASKS }, (_, at) => task(Math.floor(at / TASKS), at % TASKS));
let before = process.cpuUsage();
const port = taskAnswers(tasks);
const answers = cpu(before);

let writes = 0;
const settings = countingSettings(Date.now);

function rendererOf(text: string, count: number): Renderer {
  const targets = Array.from({ length: count }, (_, at) =>
    plainTarget({ text, name: 'bench' }, join(dir, `${count}-${at}.conf`), { min: 0, max: 0 }),
  );
  const onRound = (round: { written: number }) => (writes += round.written);
  return new Renderer({ targets, port, settings, timers: systemTimers, log: silentLog, onRound });
}

const renderer = rendererOf(TEMPLATE, 1);
before = process.cpuUsage();
renderer.start();
await renderer.settled();
const first = cpu(before);

let weight = 1;

/** @param serviceOf which service a round changes */
async function changes(target: Renderer, serviceOf: (round: number) => number): Promise<number> {
  const costs: number[] = [];
  for (let round = 0; round < CHANGES; round += 1) {
    weight += 1;
    port.load({ tasks: [task(serviceOf(round), 3, weight)] });
    before = process.cpuUsage();
    port.refresh();
    target.changed();
    await new Promise((resolve) => setTimeout(resolve, 5));
    await target.settled();
    costs.push(cpu(before));
  }
  return median(costs);
}

const change = await changes(renderer, (round) => round);
const [status] = renderer.status();
const many = rendererOf(
  '{{env "COUNTED"}}{{range service "web-0"}}{{.Address}} {{.Weights.Passing}}\n{{end}}',
  100,
);
many.start();
await many.settled();
[settings.evaluations, writes] = [0, 0];
const hundred = await changes(many, () => 0);
await renderer.stop();
await many.stop();
rmSync(dir, { recursive: true });

console.log(
  `${SERVICES} services, ${SERVICES * TASKS} tasks, a file of ${status?.bytes ?? 0} bytes (CPU ms, medians of ${CHANGES})`,
);
console.log(`answers from the catalog  ${answers.toFixed(1)}`);
console.log(`first render of all      ${first.toFixed(1)}  (bar ${BARS.first})`);
console.log(`one changed task         ${change.toFixed(1)}  (bar ${BARS.change}), the whole file written`);
console.log(
  `100 templates on one service that changes  ${hundred.toFixed(1)}, ${settings.evaluations / CHANGES} evaluations and ${writes / CHANGES} writes each time`,
);
process.exitCode = first <= BARS.first && change <= BARS.change ? 0 : 1;
