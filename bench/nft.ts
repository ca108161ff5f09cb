/**
 * `npm run bench:nft [-- --json]`: how long the kernel's rules for virtual IPs take: all of them at once, and one task
 * after another. As root; it works in a network namespace of its own. Run it from the project's folder.
 */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { Carriages } from '../src/balancer/nftables/carriage.js';
import { CarriedPlaces } from '../src/balancer/nftables/carried-places.js';
import { KernelTable } from '../src/balancer/nftables/kernel-table.js';
import type { ClientNetworks, DesiredBackend, VirtualService } from '../src/balancer/plane.js';
import { nft } from '../src/linux/nft.js';
import { percentile } from './support/percentile.js';

/** Milliseconds, and swaps a second. */
const BARS = { load_ms: 1000, swap_p99_ms: 10, swaps_per_s: 1000 } as const;
const POOL = '10.43.0.0/16';
const TASKS = 4;
const CLIENTS: ClientNetworks = {
  networks: [{ id: 'net0', subnets: ['10.88.0.0/15'], bridge: 'br0', hasHost: true }],
  ...{ addresses: [], host: [], external: [] },
};

const USAGE = `How long the kernel's rules for virtual IPs take (nftables).

  npm run bench:nft -- [options]

  --services N  default 10000, each with ${TASKS} tasks
  --rounds N    full loads, default 5
  --swaps N     tasks that are replaced one at a time, default 2000
  --seconds N   of swaps at ${BARS.swaps_per_s} a second, default 10
  --json        the result as one JSON object
  --help

It needs root and nft.
`;

const backend = (number: number): DesiredBackend => ({
  ...{ id: `t${number}`, name: `bench_web_${number}`, weight: 1, state: 'active' },
  address: { ip: `10.${88 + (number >> 16)}.${(number >> 8) & 255}.${number & 255}`, port: 8080 },
});

const service = (n: number, tasks: readonly number[]): VirtualService => ({
  ...{ service: `default/bench/s${n}`, port: 80, protocol: 'tcp', scheduler: 'rr' },
  vip: `10.43.${(n + 2) >> 8}.${(n + 2) & 255}`,
  backends: tasks.map(backend),
});

/** Services as the kernel has them, and how they are changed. */
class Ground {
  readonly #places = new CarriedPlaces(() => performance.now());
  readonly #table = new KernelTable();
  readonly #carriages = new Carriages(CLIENTS, { bridgesFiltered: false }, 'ip');
  readonly #tasks: number[][];
  #services: readonly VirtualService[];
  #next: number;

  constructor(count: number) {
    this.#tasks = Array.from({ length: count }, (_, n) => [0, 1, 2, 3].map((task) => n * TASKS + task));
    this.#services = this.#tasks.map((tasks, n) => service(n, tasks));
    this.#next = count * TASKS;
    this.#table.listeners = { pool: POOL, redirects: [] };
  }

  get table(): KernelTable {
    return this.#table;
  }

  /** From the services to the kernel, which gets everything again. */
  async load(): Promise<number> {
    this.#places.clear();
    this.#table.writer.forget();
    this.#services = this.#tasks.map((tasks, n) => service(n, tasks));
    return this.#apply();
  }

  /** Replaces a task of each of some services. @returns milliseconds */
  async swap(places: readonly number[]): Promise<number> {
    const services = [...this.#services];
    for (const n of places) {
      const tasks = this.#tasks[n] ?? [];
      tasks.shift();
      tasks.push((this.#next = (this.#next + 1) % (2 << 16)));
      services[n] = service(n, tasks);
    }
    this.#services = services;
    return this.#apply();
  }

  async #apply(): Promise<number> {
    const begun = performance.now();
    this.#places.plan(this.#services, this.#carriages);
    const changed = this.#places.takeChanged();
    this.#table.state = {
      clients: this.#carriages.clients,
      services: this.#places.byKernel(),
      ...(changed && { changed }),
      dead: this.#places.dead,
    };
    await this.#table.write();
    return performance.now() - begun;
  }
}

/** As many swaps a second as are wanted, in as few writes as it takes. @returns how many were done, and how late */
async function sustain(ground: Ground, count: number, seconds: number) {
  const begun = performance.now();
  const late: number[] = [];
  let done = 0;
  let writes = 0;
  while (performance.now() - begun < seconds * 1000) {
    const due = Math.floor(((performance.now() - begun) / 1000) * BARS.swaps_per_s);
    if (due <= done) {
      await new Promise((resolve) => setImmediate(resolve));
      continue;
    }
    const wanted = Array.from({ length: due - done }, (_, n) => ((done + n) * 7919) % count);
    await ground.swap(wanted);
    writes++;
    // The first of them has waited longest.
    late.push(performance.now() - begun - (done / BARS.swaps_per_s) * 1000);
    done = due;
  }
  const per = done / ((performance.now() - begun) / 1000);
  return { swaps_per_s: per, writes_per_s: writes / seconds, wait_p99_ms: percentile(late, 99) };
}

const round = (value: number): number => Math.round(value * 100) / 100;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      json: { type: 'boolean', default: false },
      services: { type: 'string', default: '10000' },
      rounds: { type: 'string', default: '5' },
      swaps: { type: 'string', default: '2000' },
      seconds: { type: 'string', default: '10' },
      inside: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  if (!values.inside) {
    const own = process.argv[1] ?? '';
    const args = ['-n', process.execPath, own, ...process.argv.slice(2), '--inside'];
    process.exitCode = spawnSync('unshare', args, { stdio: 'inherit' }).status ?? 1;
    return;
  }
  const number = (name: 'services' | 'rounds' | 'swaps' | 'seconds'): number => {
    const value = Number(values[name]);
    if (!Number.isInteger(value) || value < 1)
      throw new Error(`--${name} ${values[name]}: a whole number from 1 up is needed`);
    return value;
  };
  const count = number('services');
  const ground = new Ground(count);
  const loads: number[] = [];
  for (let turn = 0; turn < number('rounds'); turn++) loads.push(await ground.load());
  const swaps: number[] = [];
  for (let n = 0; n < number('swaps'); n++) swaps.push(await ground.swap([(n * 7919) % count]));
  const sustained = await sustain(ground, count, number('seconds'));
  const figures = {
    services: count,
    load_ms: round(percentile(loads, 50)),
    swap_p50_ms: round(percentile(swaps, 50)),
    swap_p99_ms: round(percentile(swaps, 99)),
    swaps_per_s: round(sustained.swaps_per_s),
    writes_per_s: round(sustained.writes_per_s),
    swap_wait_p99_ms: round(sustained.wait_p99_ms),
  };
  const met =
    figures.load_ms <= BARS.load_ms &&
    figures.swap_p99_ms <= BARS.swap_p99_ms &&
    figures.swaps_per_s >= BARS.swaps_per_s * 0.99;
  ground.table.writer.close();
  const { version } = process;
  const said = (await nft(['--version'])) as { output?: string };
  if (values.json) {
    console.log(
      JSON.stringify({ ...figures, bars: BARS, met, node: version, nft: said.output?.trim() ?? '' }),
    );
    return;
  }
  console.log(`full load of ${count} services with ${TASKS} tasks: ${figures.load_ms} ms (bar ${BARS.load_ms})
one task swapped: p50 ${figures.swap_p50_ms} ms, p99 ${figures.swap_p99_ms} ms (bar ${BARS.swap_p99_ms})
swaps sustained: ${figures.swaps_per_s}/s (bar ${BARS.swaps_per_s}) in ${figures.writes_per_s} transactions/s, p99 of the wait ${figures.swap_wait_p99_ms} ms
bars ${met ? 'met' : 'NOT met'}; ${said.output?.trim() ?? ''}, Node ${version}`);
}

await main().catch((error: unknown) => {
  console.error(`bench:nft: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
