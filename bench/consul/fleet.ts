import { fork, type ChildProcess } from 'node:child_process';
import { subscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { ConsulAgent } from '../../test/e2e/support/consul.js';
import { cpuSeconds, round } from './load.js';
import { SimulatedHost, sourceAsks } from './simulated-host.js';

/** Of the whole fleet. */
export interface FleetShape {
  readonly hosts: number;
  readonly services: number;
  readonly instances: number;
  /** Services that each host uses. */
  readonly used: number;
}

/** What the sources of a process have asked and got. */
interface WorkerFigures {
  readonly lists: number;
  readonly services: number;
  readonly bytes: number;
  /** Hosts that have the change. */
  readonly seen: number;
}

export interface FleetFigures extends FleetShape {
  readonly watches: number;
  readonly idle_requests_per_second: number;
  readonly idle_list_requests_per_second: number;
  readonly idle_service_requests_per_second: number;
  readonly idle_bytes_per_second: number;
  readonly idle_consul_cpu_percent: number;
  /** For one change of a service that `readers` hosts use. */
  readonly readers: number;
  readonly requests_per_change_and_reader: number;
  readonly bytes_per_change_and_reader: number;
  readonly consul_cpu_ms_per_change: number;
  readonly consul_cpu_ms_per_change_and_reader: number;
  readonly last_reader_ms: number;
}

const PROCESSES = 4;
const CHANGES = 20;

/** The service `s0` is used by every tenth host; each host uses others besides. */
function usedBy(host: number, { services, used }: FleetShape): number[] {
  const own = Array.from({ length: used }, (_, at) => 1 + ((host * 7 + at * 13) % (services - 1)));
  return host % 10 === 0 ? [0, ...own.slice(1)] : own;
}

/** The part of the fleet in this process; the parent drives it. */
export async function runFleetWorker(address: string, first: number, count: number, shape: FleetShape) {
  const sockets = new Set<Socket>();
  let closed = 0;
  subscribe('net.client.socket', (message) => {
    const { socket } = message as { socket: Socket };
    if (sourceAsks.getStore() !== true) return;
    sockets.add(socket);
    socket.once('close', () => {
      sockets.delete(socket);
      closed += socket.bytesRead;
    });
  });
  const hosts = Array.from(
    { length: count },
    (_, at) => new SimulatedHost(`h${first + at}`, address, 'used'),
  );
  const run = (weight: number): void => {
    hosts.forEach((host, at) => {
      const index = first + at;
      const tasks = [];
      for (let id = index; id < shape.services * shape.instances; id += shape.hosts) {
        const service = id % shape.services;
        const ip = `10.${4 + Math.floor(id / 60_000)}.${Math.floor((id % 60_000) / 200)}.${1 + (id % 200)}`;
        tasks.push(host.task(`t${id}`, `s${service}`, ip, service === 0 && index === 0 ? weight : 1));
      }
      host.run(tasks);
    });
  };
  run(1);
  for (const host of hosts) await host.start();
  const use = async (): Promise<void> => {
    await Promise.all(
      hosts.map(async (host, at) => {
        for (const service of usedBy(first + at, shape))
          await host.demand.use({ environment: 'default', stack: 'bench', service: `s${service}` });
      }),
    );
  };
  const weightSeen = (host: SimulatedHost): number => {
    const service = host.catalog.snapshot.serviceByKey('default/bench/s0');
    return Math.max(0, ...(service?.tasks ?? []).map(({ weight }) => weight));
  };
  process.on('message', (message: { readonly do: string; readonly weight?: number }) => {
    const { weight = 0 } = message;
    if (message.do === 'change' && first === 0) run(weight);
    if (message.do === 'stop') process.exit(0);
    const answer = (): void => {
      const seen = hosts.filter(
        (host, at) => usedBy(first + at, shape).includes(0) && weightSeen(host) === weight,
      );
      process.send?.({
        lists: hosts.reduce((sum, host) => sum + host.asked.list, 0),
        services: hosts.reduce((sum, host) => sum + host.asked.services, 0),
        bytes: closed + [...sockets].reduce((sum, socket) => sum + socket.bytesRead, 0),
        seen: seen.length,
      } satisfies WorkerFigures);
    };
    if (message.do === 'use') void use().then(answer);
    else answer();
  });
  process.send?.('ready');
}

function ask(child: ChildProcess, message: object): Promise<WorkerFigures> {
  return new Promise((resolve) => {
    child.once('message', (figures) => resolve(figures as WorkerFigures));
    child.send(message);
  });
}

/** A fleet of real sources and publishers at one server: what it costs while nothing changes, and what a change costs. */
export async function measureFleet(
  consul: ConsulAgent,
  shape: FleetShape,
  seconds: number,
): Promise<FleetFigures> {
  const share = Math.ceil(shape.hosts / PROCESSES);
  const workers: ChildProcess[] = [];
  try {
    for (let first = 0; first < shape.hosts; first += share) {
      const count = Math.min(share, shape.hosts - first);
      const child = fork(process.argv[1] ?? '', [
        'fleet-worker',
        consul.address,
        `${first}`,
        `${count}`,
        JSON.stringify(shape),
      ]);
      await new Promise((resolve) => child.once('message', resolve));
      workers.push(child);
    }
    const all = async (message: object): Promise<WorkerFigures> => {
      const each = await Promise.all(workers.map((worker) => ask(worker, message)));
      return each.reduce((a, b) => ({
        lists: a.lists + b.lists,
        services: a.services + b.services,
        bytes: a.bytes + b.bytes,
        seen: a.seen + b.seen,
      }));
    };
    const pid = consul.pid() ?? 0;
    // Lists that were read before the last host had registered do not have its services.
    for (let round = 0; round < 3; round++) {
      await all({ do: 'use' });
      await delay(6000);
    }
    const readers = Array.from({ length: shape.hosts }, (_, at) => usedBy(at, shape)).filter((services) =>
      services.includes(0),
    ).length;
    const untilSeen = async (weight: number): Promise<void> => {
      while ((await all({ do: 'look', weight })).seen < readers) await delay(20);
    };
    await untilSeen(1);
    const [idle, idleCpu] = [await all({ do: 'look' }), cpuSeconds(pid)];
    await delay(seconds * 1000);
    const [later, laterCpu] = [await all({ do: 'look' }), cpuSeconds(pid)];
    const perSecond = (laterCpu - idleCpu) / seconds;
    const lists = (later.lists - idle.lists) / seconds;
    const services = (later.services - idle.services) / seconds;
    const bytesPerSecond = (later.bytes - idle.bytes) / seconds;
    const begun = performance.now();
    const times: number[] = [];
    for (let change = 0; change < CHANGES; change++) {
      const at = performance.now();
      await all({ do: 'change', weight: 2 + change });
      await untilSeen(2 + change);
      times.push(performance.now() - at);
      await delay(600);
    }
    const took = (performance.now() - begun) / 1000;
    const [after, afterCpu] = [await all({ do: 'look' }), cpuSeconds(pid)];
    const bytes = (after.bytes - later.bytes - bytesPerSecond * took) / CHANGES;
    const requests = (after.services - later.services - services * took) / CHANGES;
    const cpu = ((afterCpu - laterCpu - perSecond * took) * 1000) / CHANGES;
    return {
      ...shape,
      watches: shape.hosts * shape.used,
      idle_requests_per_second: round(lists + services, 2),
      idle_list_requests_per_second: round(lists, 2),
      idle_service_requests_per_second: round(services, 2),
      idle_bytes_per_second: Math.round(bytesPerSecond),
      idle_consul_cpu_percent: round(perSecond * 100, 2),
      readers,
      requests_per_change_and_reader: round(requests / readers, 2),
      bytes_per_change_and_reader: Math.round(bytes / readers),
      consul_cpu_ms_per_change: round(cpu, 2),
      consul_cpu_ms_per_change_and_reader: round(cpu / readers, 3),
      last_reader_ms: round(times.reduce((a, b) => a + b, 0) / times.length, 1),
    };
  } finally {
    for (const worker of workers) worker.kill();
  }
}
