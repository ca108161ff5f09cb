import { serviceName, type Health, type ServiceKey, type Task } from '../catalog/model.js';
import type { Snapshot } from '../catalog/snapshot.js';
import type { CarriedFigures, Told } from '../net/vip-figures.js';
import { HISTORY_HEALTHS, type HistoryFigure, type HistorySubject } from '../net/history-figures.js';
import type { Reading } from './figure-book.js';
import { countedSince, percentile, type Counted } from './percentile.js';

/** What has been carried so far, as far as that is known. */
type Carried = Told<CarriedFigures>;

/** One port of a virtual IP, and the tasks behind it. */
export interface CarriedPort extends Carried {
  readonly service: ServiceKey;
  readonly port: number;
  readonly protocol: 'tcp' | 'udp';
  readonly tasks: readonly (Carried & { readonly task: string })[];
}

/** The daemon's counters now. */
export interface Counters {
  readonly queries: Readonly<Record<string, number>>;
  readonly replies: Readonly<Record<string, number>>;
  /** Microseconds that answers took. */
  readonly times: Counted;
  /** Files that were rendered since the start. */
  readonly renders: number;
}

export interface Read {
  readonly snapshot: Snapshot;
  readonly counters: Counters;
  readonly ports: Iterable<CarriedPort>;
}

const WORSE: readonly Health[] = HISTORY_HEALTHS;
const RCODES = ['NOERROR', 'NXDOMAIN', 'SERVFAIL', 'REFUSED'] as const;

/** Makes figures of counters: what was counted in each second since the last reading. */
export class FigureReader {
  #before: { readonly at: number; readonly counters: Counters } | undefined;
  /** The histogram at the beginning of the minute, and at the reading before the last. */
  #minute: Counted | undefined;
  #earlier: Counted | undefined;
  #carried = new Map<string, Carried>();

  /** @param at milliseconds since the epoch */
  *read(at: number, { snapshot, counters, ports }: Read): Generator<Reading> {
    const seconds = this.#before ? Math.max(0.001, (at - this.#before.at) / 1000) : Number.NaN;
    yield { kind: 'daemon', key: 'daemon', numbers: this.#ofDaemon(counters, seconds) };
    const carried = new Map<string, Carried>();
    const byTask = new Map<string, Carried>();
    for (const port of ports) {
      const service = snapshot.serviceByKey(port.service);
      for (const { task, ...figures } of port.tasks) byTask.set(task, sum(byTask.get(task), figures));
      if (!service) continue;
      const key = `vip ${port.service} ${port.port}/${port.protocol}`;
      carried.set(key, port);
      const { environment, stack, service: name, sidekick } = service;
      const of: HistorySubject = {
        name: serviceName(service),
        ...{ environment, stack, service: name },
        ...(sidekick !== undefined && { sidekick }),
        port: port.port,
        protocol: port.protocol,
      };
      yield { kind: 'vips', key, of, numbers: rates(port, this.#carried.get(key), seconds) };
    }
    for (const task of snapshot.tasks()) {
      const key = `task ${task.id}`;
      const figures = byTask.get(task.id);
      if (figures) carried.set(key, figures);
      const numbers = figures ? rates(figures, this.#carried.get(key), seconds) : {};
      yield { kind: 'tasks', key, of: subjectOf(task), numbers, code: WORSE.indexOf(task.health) + 1 };
    }
    this.#carried = carried;
    this.#earlier = this.#before?.counters.times;
    this.#before = { at, counters };
    this.#minute ??= counters.times;
  }

  /**
   * Percentiles of the minute that was over before the last reading: they are not the mean of those of its steps. To be
   * called once for each minute.
   */
  readonly overMinute = (): Readonly<Partial<Record<HistoryFigure, number>>> => {
    const end = this.#earlier;
    if (!end) return {};
    const times = countedSince(end, this.#minute);
    this.#minute = end;
    return { p50: percentile(times, 0.5), p99: percentile(times, 0.99) };
  };

  #ofDaemon({ queries, replies, times, renders }: Counters, seconds: number): Reading['numbers'] {
    const before = this.#before?.counters;
    const rate = (now: number, then: number): number => Math.max(0, now - then) / seconds;
    const of = (all: Readonly<Record<string, number>> | undefined, names?: readonly string[]): number =>
      Object.entries(all ?? {}).reduce(
        (total, [name, count]) => total + ((names?.includes(name) ?? true) ? count : 0),
        0,
      );
    const others = Object.keys(replies).filter((name) => !(RCODES as readonly string[]).includes(name));
    const codes = RCODES.map((name) => [
      `rcode.${name}`,
      rate(of(replies, [name]), of(before?.replies, [name])),
    ]);
    const since = countedSince(times, before?.times);
    return {
      queries: rate(of(queries), of(before?.queries)),
      ...(Object.fromEntries(codes) as Partial<Record<HistoryFigure, number>>),
      'rcode.other': rate(of(replies, others), of(before?.replies, others)),
      p50: before ? percentile(since, 0.5) : Number.NaN,
      p99: before ? percentile(since, 0.99) : Number.NaN,
      renders: rate(renders, before?.renders ?? 0),
    };
  }
}

function subjectOf({ id, name, environment, stack, service }: Task): HistorySubject {
  return {
    id,
    name,
    ...(service
      ? {
          environment: service.environment,
          stack: service.stack,
          service: service.service,
          ...(service.sidekick !== undefined && { sidekick: service.sidekick }),
        }
      : { environment, stack }),
  };
}

/** A task may be behind several ports. */
function sum(a: Carried | undefined, b: Carried): Carried {
  if (!a) return b;
  const told = (x: number | undefined, y: number | undefined) =>
    x === undefined && y === undefined ? undefined : (x ?? 0) + (y ?? 0);
  const [bytesIn, bytesOut] = [told(a.bytesIn, b.bytesIn), told(a.bytesOut, b.bytesOut)];
  return {
    active: a.active + b.active,
    total: a.total + b.total,
    ...(bytesIn !== undefined && { bytesIn }),
    ...(bytesOut !== undefined && { bytesOut }),
  };
}

function rates(now: Carried, before: Carried | undefined, seconds: number): Reading['numbers'] {
  // A counter that is smaller than before was begun again. Without an earlier reading nothing can be said.
  const rate = (value: number | undefined, then: number | undefined): number =>
    value === undefined || (before === undefined && Number.isNaN(seconds))
      ? Number.NaN
      : (value < (then ?? 0) ? value : value - (then ?? 0)) / seconds;
  return {
    open: now.active,
    connections: rate(now.total, before?.total),
    bytesIn: rate(now.bytesIn, before?.bytesIn),
    bytesOut: rate(now.bytesOut, before?.bytesOut),
  };
}
