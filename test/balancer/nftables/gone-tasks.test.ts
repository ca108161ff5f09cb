import { beforeEach, describe, expect, it } from 'vitest';
import { GoneTasks } from '../../../src/balancer/nftables/gone-tasks.js';
import type { DesiredBackend, VirtualService } from '../../../src/balancer/plane.js';
import { backend, tcpService } from '../proxy/peer.js';

const task = (n: number, over: Partial<DesiredBackend> = {}): DesiredBackend =>
  backend(`t${n}`, { ip: `10.88.0.${n}`, port: 8080 }, over);
const service = (backends: readonly DesiredBackend[], over: Partial<VirtualService> = {}): VirtualService =>
  tcpService({ ip: '10.43.0.2', port: 80 }, backends, over);
const reset = { onDown: 'reset' } as const;
const draining = { state: 'draining' } as const;

let now: number;
let gone: GoneTasks;
const dead = (): readonly string[] => gone.dead.map(({ task: { ip } }) => ip);

beforeEach(() => {
  now = 0;
  gone = new GoneTasks(() => now);
});

describe('tasks to which open connections are reset', () => {
  it('are those that are gone, where the service says so', () => {
    gone.update(service([task(1), task(2)], reset), service([task(2)], reset));
    expect(gone.dead).toEqual([{ vip: '10.43.0.2', port: 80, task: { ip: '10.88.0.1', port: 8080 } }]);
    gone.update(service([task(2)]), service([]));
    expect(dead()).toEqual(['10.88.0.1']);
  });

  it('are told apart by their ports where they share an address, as on the network of the host', () => {
    const at = (port: number): DesiredBackend => backend(`t${port}`, { ip: '10.88.0.1', port });
    gone.update(service([at(8080), at(8081)], reset), service([at(8081)], reset));
    expect(gone.dead.map(({ task: { port } }) => port)).toEqual([8080]);
    gone.update(service([at(8081)], reset), service([at(8082)], reset));
    expect(gone.dead.map(({ task: { port } }) => port)).toEqual([8080, 8081]);
    gone.update(service([at(8082)], reset), service([at(8080), at(8082)], reset));
    expect(gone.dead.map(({ task: { port } }) => port)).toEqual([8081]);
  });

  it('are not those of datagrams, whose flows the kernel is told to forget', () => {
    const udp = { ...reset, protocol: 'udp' } as const;
    gone.update(service([task(1), task(2, draining)], udp), service([task(2, draining)], udp));
    expect([dead(), gone.nextAt]).toEqual([[], Infinity]);
  });

  it('are not those of a service that is gone: its connections end by themselves', () => {
    gone.update(service([task(1)], reset), undefined);
    expect(dead()).toEqual([]);
  });

  it('are no longer those that are back', () => {
    gone.update(service([task(1)], reset), service([], reset));
    gone.update(service([], reset), service([task(1)], reset));
    expect(dead()).toEqual([]);
  });

  it('are those that have drained long enough', () => {
    const drains = service([task(1, draining)], { timeouts: { drain: 5000 } });
    gone.update(service([task(1)]), drains);
    gone.update(drains, service([task(1, draining), task(2)], { timeouts: { drain: 5000 } }));
    expect(gone.nextAt).toBe(5000);
    now = 4999;
    gone.expire();
    expect(dead()).toEqual([]);
    now = 5000;
    gone.expire();
    expect([dead(), gone.nextAt]).toEqual([['10.88.0.1'], Infinity]);
  });

  it.each([
    [draining, {}, 30_000],
    [{ ...draining, drain: 60_000 }, {}, 60_000],
    [{ ...draining, drain: 1000 }, { timeouts: { drain: 5000 } }, 5000],
    [draining, { timeouts: { drain: 0 } }, Infinity],
  ])('have the time of the proxy to drain: %#', (over, settings, at) => {
    gone.update(undefined, service([task(1, over)], settings));
    expect(gone.nextAt).toBe(at);
  });

  it('are not those that take connections again in time, nor those that end in time', () => {
    gone.update(undefined, service([task(1, draining), task(2, draining)]));
    gone.update(service([task(1, draining), task(2, draining)]), service([task(1)]));
    expect(gone.nextAt).toBe(Infinity);
  });

  it('are forgotten after an hour, when the address may be that of another task', () => {
    gone.update(service([task(1)], reset), service([], reset));
    const same = gone.dead;
    now = 3_599_999;
    gone.expire();
    expect(gone.dead).toBe(same);
    now = 3_600_000;
    gone.expire();
    expect(dead()).toEqual([]);
  });
});
