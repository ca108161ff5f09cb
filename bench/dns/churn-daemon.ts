import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { FactSink, TaskFact } from '../../src/catalog/facts.js';
import type * as ConfigModule from '../../src/config/load.js';
import type * as DaemonModule from '../../src/daemon/daemon.js';
import type * as LogModule from '../../src/daemon/daemon-log.js';
import type * as MemoryModule from '../../src/daemon/memory.js';
import type * as SinkModule from '../../src/sources/paced-sink.js';
import { addressesFrom } from './addresses.js';
import { scenarioOf } from './scenario.js';
import { makeZone, PORT, PORT_NAME, type BenchService, type BenchTask } from './zone.js';

const TICK_MS = 10;

/**
 * The child process: the built daemon with a source of the bench's, whose services change as often as the parent says
 * (a message `{ changes }`, a second; each is answered with `{ changed }`, the changes so far). A source that reads files
 * or asks an engine would show what that costs, and not what a change costs.
 */
export async function churnDaemon(config: string, main: string): Promise<void> {
  const built = async (path: string): Promise<unknown> =>
    import(pathToFileURL(join(dirname(main), path)).href);
  const memory = (await built('daemon/memory.js')) as typeof MemoryModule;
  const { loadConfig } = (await built('config/load.js')) as typeof ConfigModule;
  const { Daemon } = (await built('daemon/daemon.js')) as typeof DaemonModule;
  const { createLog } = (await built('daemon/daemon-log.js')) as typeof LogModule;
  const { PacedSink } = (await built('sources/paced-sink.js')) as typeof SinkModule;
  const loaded = loadConfig({ env: {}, cwd: process.cwd(), path: config });
  if (!loaded.ok) throw new Error(loaded.errors.map(({ message }) => message).join('; '));
  const daemon = new Daemon(loaded, createLog(loaded.config.log));
  const zone = makeZone(scenarioOf('own').shape);
  // As the daemon gives it to its own sources.
  const sink = new PacedSink(daemon.catalog.sink('bench'), daemon.pace, (error) => {
    throw error;
  });
  sink.replace({
    tasks: zone.flatMap((service) => service.tasks.map((task) => taskFact(service, task, task.ip))),
  });
  sink.status({ state: 'live', asOf: Date.now() });
  await daemon.start();
  // As run.ts does.
  memory.preferLittleMemory();
  memory.preferLittleWorkSoon();
  const changer = startChanger(sink, zone);
  process.on('message', ({ changes }: { readonly changes: number }) => {
    process.send?.({ changed: changer.setRate(changes) });
  });
  process.on('disconnect', () => process.exit());
}

/** Each change gives one task of the next service another address. */
function startChanger(sink: FactSink, zone: readonly BenchService[]): { setRate(perSecond: number): number } {
  const address = addressesFrom('10.128.0.1');
  let [rate, done, due] = [0, 0, 0];
  let last = performance.now();
  setInterval(() => {
    const now = performance.now();
    due += ((now - last) / 1000) * rate;
    last = now;
    for (; due >= 1; due--) {
      const service = zone[(done * 7) % zone.length];
      const task = service?.tasks[done % service.tasks.length];
      if (service && task) sink.update({ tasks: [taskFact(service, task, address(done % 0x7fffff))] });
      done++;
    }
  }, TICK_MS);
  return {
    setRate(perSecond) {
      rate = perSecond;
      return done;
    },
  };
}

function taskFact({ name, stack }: BenchService, task: BenchTask, ip: string): TaskFact {
  return {
    id: task.name,
    name: task.name,
    names: [task.name],
    environment: 'default',
    stack,
    service: { environment: 'default', stack, service: name },
    health: 'healthy',
    endpoints: [{ network: '*', ip }],
    ports: [{ port: PORT, protocol: 'tcp', name: PORT_NAME, target: PORT }],
    labels: {},
    links: {},
    weight: 1,
    expose: false,
  };
}
