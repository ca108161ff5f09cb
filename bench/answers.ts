/**
 * `npm run bench:answers -- [--queries N] [--services N] [--tasks N]`: what a query costs in the code that answers it, without any system call, and that ten million of
 * them leave nothing on the heap.
 */
import { parseArgs } from 'node:util';
import { Catalog } from '../src/catalog/catalog.js';
import { createAnswerer } from '../src/dns/answers/answerer.js';
import { Compiler } from '../src/dns/answers/compiler.js';
import { Store } from '../src/dns/answers/store.js';
import { Tally } from '../src/dns/answers/tally.js';
import { Versions } from '../src/dns/answers/versions.js';
import { encodeQuery } from '../src/wire/query-message.js';
import { CLASS, TYPE } from '../src/wire/constants.js';
import { nameFromText } from '../src/wire/name-text.js';
import { Zone } from '../src/dns/zone/zone.js';

const PLACES = 64;
const STRIDE = 4160;
const NAMES_AT = PLACES * STRIDE;
const AF_INET = 2;

const number = (usual: number) => ({ type: 'string', default: String(usual) }) as const;
const { values } = parseArgs({
  options: { queries: number(10_000_000), services: number(1000), tasks: number(3) },
});
const queries = Number(values.queries);
const SERVICES = Number(values.services);
const TASKS = Number(values.tasks);

const catalog = new Catalog({ clock: () => 0 });
const sink = catalog.sink('bench');
sink.replace({
  tasks: Array.from({ length: SERVICES * TASKS }, (_, i) => {
    const service = { environment: 'default', stack: `stack${i % 20}`, service: `s${Math.floor(i / TASKS)}` };
    const stack = `stack${Math.floor(i / TASKS) % 20}`;
    return {
      id: `t${i}`,
      name: `t${i}`,
      names: [`t${i}`],
      environment: 'default',
      stack,
      service: { ...service, stack },
      health: 'healthy' as const,
      endpoints: [{ network: '*', ip: `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}` }],
      ports: [],
      labels: {},
      links: {},
      weight: 1,
      expose: false,
    };
  }),
});
sink.status({ state: 'live' });

const zone = new Zone({
  catalog,
  domain: 'rancher.internal',
  environment: 'default',
  ttl: 1,
  negativeTtl: 1,
  nameServers: ['127.0.0.1'],
  serialBase: 0,
});
const versions = new Versions();
versions.publish('all', 1);
const compiler = new Compiler({
  versions,
  snapshot: () => catalog.snapshot,
  environment: () => 'default',
  isServed: () => true,
  resolve: (snapshot, view, question) => zone.resolveFor(snapshot, view, question),
  now: () => 0,
});
const store = new Store(versions);
const memory = new ArrayBuffer(NAMES_AT + PLACES * 32);
const octets = new Uint8Array(memory);
const answerer = createAnswerer({
  store,
  versions,
  tally: new Tally(),
  octets,
  words: new Int32Array(memory),
  seed: 1,
});

/** In an order that no cache of the processor's can guess; prime to the number of services. */
const STEP = 7919;
const packets = Array.from({ length: SERVICES }, (_, at) => {
  const i = (at * STEP) % SERVICES;
  const name = nameFromText(`s${i}.stack${i % 20}.rancher.internal`) ?? new Uint8Array();
  return encodeQuery({ id: i, question: { name, type: TYPE.A, class: CLASS.IN } });
});
for (const packet of packets) {
  const { client, answer } = compiler.compile(packet, '127.0.0.1');
  if (!client || !answer) throw new Error('a query of the bench cannot be compiled');
  store.install(client);
  store.install(answer);
}
for (let place = 0; place < PLACES; place++) {
  octets[NAMES_AT + place * 32] = AF_INET;
  octets.set([127, 0, 0, 1], NAMES_AT + place * 32 + 4);
}

let next = 0;
let unanswered = 0;

function batch(isAnswered: boolean): void {
  answerer.begin(0);
  for (let place = 0; place < PLACES; place++) {
    const packet = packets[next++ % SERVICES];
    if (!packet) continue;
    octets.set(packet, place * STRIDE);
    if (isAnswered && answerer.answer(place * STRIDE, packet.length, NAMES_AT + place * 32) === 0)
      unanswered++;
  }
}

/** Microseconds of CPU. */
function run(count: number, isAnswered: boolean): number {
  const before = process.cpuUsage();
  for (let done = 0; done < count; done += PLACES) batch(isAnswered);
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

run(200_000, true);
global.gc?.();
const before = process.memoryUsage().heapUsed;
const all = run(queries, true);
global.gc?.();
const grown = process.memoryUsage().heapUsed - before;
const filling = run(queries, false);
console.log(
  JSON.stringify({
    queries,
    unanswered,
    ns_per_query: Math.round(((all - filling) * 1000) / queries),
    heap_growth_octets: grown,
    heap_growth_octets_per_query: Number((grown / queries).toFixed(4)),
  }),
);
