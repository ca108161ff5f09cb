import { expect, it } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.js';
import { FigureReader, type CarriedPort, type Counters, type Read } from '../../src/history/figure-reader.js';
import { countedSince, percentile } from '../../src/history/percentile.js';
import { HISTORY_HEALTHS } from '../../src/net/history-figures.js';
import { HEALTHS } from '../../src/catalog/model.js';
import { ref, taskFact } from '../support/facts.js';

const T0 = Date.UTC(2026, 10, 21);
const NO_TIMES = { bounds: [10, 100], counts: [0, 0, 0] };
const counters = (more: Partial<Counters> = {}): Counters => ({
  queries: {},
  replies: {},
  times: NO_TIMES,
  renders: 0,
  ...more,
});

function catalogOf() {
  const catalog = new Catalog();
  catalog.sink('docker').replace({
    tasks: [
      taskFact('a', { service: ref('web.shop'), ip: '10.0.0.1' }),
      taskFact('b', { service: ref('web.shop'), ip: '10.0.0.2', health: 'unhealthy' }),
    ],
  });
  return catalog;
}

const port = (total: number, bytes: number, more: Partial<CarriedPort> = {}): CarriedPort => ({
  service: [...catalogOf().snapshot.services()][0]?.key ?? '',
  port: 80,
  protocol: 'tcp',
  ...{ active: 2, total, bytesIn: bytes, bytesOut: bytes * 10 },
  tasks: [{ task: 'a', active: 2, total, bytesIn: bytes, bytesOut: bytes * 10 }],
  ...more,
});

function reading(reader: FigureReader, at: number, more: Partial<Read> = {}) {
  const all = [
    ...reader.read(at, { snapshot: catalogOf().snapshot, counters: counters(), ports: [], ...more }),
  ];
  return {
    daemon: all.find(({ kind }) => kind === 'daemon')?.numbers,
    vip: all.find(({ kind }) => kind === 'vips')?.numbers,
    task: (id: string) => all.find(({ of }) => of?.id === id),
    all,
  };
}

it('knows no rates at first, and then what was counted in each second', () => {
  const reader = new FigureReader();
  const first = reading(reader, T0, {
    counters: counters({ queries: { A: 100 }, replies: { NOERROR: 100 } }),
    ports: [port(100, 1000)],
  });
  expect(first.daemon).toMatchObject({ queries: Number.NaN, 'rcode.NOERROR': Number.NaN });
  expect(first.vip).toEqual({ open: 2, connections: Number.NaN, bytesIn: Number.NaN, bytesOut: Number.NaN });
  const second = reading(reader, T0 + 4000, {
    counters: counters({
      queries: { A: 120, AAAA: 20 },
      replies: { NOERROR: 120, NXDOMAIN: 8, FORMERR: 4, NOTIMP: 4 },
      times: { bounds: [10, 100], counts: [98, 2, 0] },
      renders: 2,
    }),
    ports: [port(108, 1400)],
  });
  expect(second.daemon).toEqual({
    ...{ queries: 10, 'rcode.NOERROR': 5, 'rcode.NXDOMAIN': 2, 'rcode.SERVFAIL': 0, 'rcode.REFUSED': 0 },
    ...{ 'rcode.other': 2, p50: 10 * (50 / 98), p99: 55, renders: 0.5 },
  });
  expect(second.vip).toEqual({ open: 2, connections: 2, bytesIn: 100, bytesOut: 1000 });
  expect(second.task('a')).toMatchObject({ numbers: { open: 2, connections: 2, bytesIn: 100 }, code: 1 });
  expect(second.task('b')).toMatchObject({ numbers: {}, code: 6 });
});

it('takes a counter that was begun again for all that was counted since', () => {
  const reader = new FigureReader();
  reading(reader, T0, { ports: [port(100, 1000)] });
  const { vip } = reading(reader, T0 + 1000, { ports: [port(3, 50)] });
  expect(vip).toMatchObject({ connections: 3, bytesIn: 50 });
});

it('adds up the ports of a task, and leaves out what a plane does not tell', () => {
  const reader = new FigureReader();
  const kernel = { active: 1, total: 5, tasks: [{ task: 'a', active: 1, total: 5 }] };
  const ports = (more: number): CarriedPort[] => {
    const { service, protocol } = port(0, 0);
    return [port(10 + more, 100), { service, protocol, port: 443, ...kernel }];
  };
  reading(reader, T0, { ports: ports(0) });
  const { task, all } = reading(reader, T0 + 1000, { ports: ports(7) });
  expect(task('a')?.numbers).toMatchObject({ open: 3, connections: 7, bytesIn: 0 });
  expect(all.find(({ of }) => of?.port === 443)?.numbers).toMatchObject({ open: 1, bytesIn: Number.NaN });
});

it('gives the percentiles of the minute that is over, without the step that has begun the next', () => {
  const reader = new FigureReader();
  const times = (...counts: number[]) => ({ counters: counters({ times: { bounds: [10, 100], counts } }) });
  reading(reader, T0 + 2500, times(0, 0, 0));
  reading(reader, T0 + 57_500, times(100, 0, 0));
  reading(reader, T0 + 62_500, times(100, 500, 0));
  expect(reader.overMinute()).toEqual({ p50: 5, p99: 9.9 });
  reading(reader, T0 + 117_500, times(100, 500, 0));
  reading(reader, T0 + 122_500, times(100, 500, 0));
  expect(reader.overMinute()).toEqual({ p50: 10 + 90 * (250 / 500), p99: 10 + 90 * (495 / 500) });
});

it('percentiles lie between the bounds, and are unknown without values', () => {
  const of = (...counts: number[]) => ({ bounds: [10, 100], counts });
  expect(percentile(of(0, 0, 0), 0.5)).toBeNaN();
  expect(percentile(of(10, 0, 0), 0.5)).toBe(5);
  expect(percentile(of(0, 10, 0), 1)).toBe(100);
  expect(percentile(of(0, 0, 10), 0.5)).toBe(100);
  expect(countedSince(of(1, 2, 3), of(1, 1, 1)).counts).toEqual([0, 1, 2]);
  expect(countedSince(of(1, 0, 0), of(5, 5, 5)).counts).toEqual([1, 0, 0]);
});

it('has a place for every health', () => {
  expect([...HISTORY_HEALTHS].sort()).toEqual([...HEALTHS].sort());
});
