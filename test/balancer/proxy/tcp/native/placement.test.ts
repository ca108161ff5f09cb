import { describe, expect, it } from 'vitest';
import type { VirtualService, VirtualServiceCounters } from '../../../../../src/balancer/plane.js';
import { threadsFor } from '../../../../../src/balancer/proxy/tcp/native/placement.js';
import { ended, sumCounters } from '../../../../../src/balancer/proxy/tcp/native/sum-counters.js';
import { backend, tcpService } from '../../peer.js';

const address = { ip: '10.0.0.1', port: 80 };
const service = (over: Partial<VirtualService> = {}): VirtualService =>
  tcpService({ ip: '10.43.0.1', port: 80 }, [backend('a', address), backend('b', address)], over);

describe('which of four threads accept', () => {
  it.each<[string, Partial<VirtualService>]>([
    ['rr', { scheduler: 'rr' }],
    ['wrr', { scheduler: 'wrr' }],
    ['mh, of which all tables are alike', { scheduler: 'mh' }],
    ['fo', { scheduler: 'fo' }],
  ])('all: %s', (_name, over) => {
    expect(threadsFor(service(over), 4)).toEqual([0, 1, 2, 3]);
  });

  it.each<[string, Partial<VirtualService>]>([
    ...(['lc', 'wlc', 'sed', 'nq', 'twos', 'ovf', 'lblc', 'lblcr', 'sh', 'dh'] as const).map(
      (scheduler): [string, Partial<VirtualService>] => [scheduler, { scheduler }],
    ),
    ['affinity', { affinity: { timeout: 60 } }],
    ['a limit of the service', { maxConnections: 5 }],
    ['a limit of a client', { maxPerClient: 5 }],
    ['a limit of a task', { backends: [backend('a', address, { maxConnections: 5 })] }],
  ])('one, always the same: %s', (_name, over) => {
    const [only, ...more] = threadsFor(service(over), 4);
    expect(more).toEqual([]);
    expect(threadsFor(service({ ...over, backends: [] }), 4)).toContain(only);
    expect(threadsFor(service(over), 1)).toEqual([0]);
  });

  it('another one for other services', () => {
    const chosen = Array.from({ length: 40 }, (_, n) =>
      threadsFor(service({ service: `default/shop/s${n}`, scheduler: 'lc' }), 4),
    );
    expect(new Set(chosen.flat()).size).toBe(4);
  });
});

describe("the threads' counters", () => {
  const counted = (by: number): VirtualServiceCounters => ({
    ...{ service: 'default/shop/web', vip: '10.43.0.1', port: 80, protocol: 'tcp', scheduler: 'rr' },
    ...{ active: by, total: 10 * by, bytesIn: by, bytesOut: by, refused: by, failed: by, retried: by },
    backends: ['a', 'b', 'gone'].map((id) => ({
      ...{ id, name: `task_${id}`, address, weight: 1, state: 'active' as const },
      ...{ active: by, total: by, bytesIn: by, bytesOut: by, errors: by },
    })),
  });

  it("are added up in the service's order; an ended thread has no open flows", () => {
    const sum = sumCounters(service(), 80, [counted(1), counted(2)], ended(counted(4)));
    expect(sum).toMatchObject({ active: 3, total: 70, bytesIn: 7, refused: 7, failed: 7, retried: 7 });
    expect(sum.backends.map(({ id, active, total }) => [id, active, total])).toEqual([
      ['a', 3, 7],
      ['b', 3, 7],
      ['gone', 3, 7],
    ]);
  });

  it('of the times to connect are added up, too; threads that connected to nothing have none', () => {
    const timed = (...counts: number[]) => ({ ...counted(1), connects: { bounds: [1, 10], counts, sum: 7 } });
    expect(sumCounters(service(), 80, [timed(1, 2, 3), counted(1)], ended(timed(10, 0, 1))).connects).toEqual(
      {
        bounds: [1, 10],
        counts: [11, 2, 4],
        sum: 14,
      },
    );
    expect(sumCounters(service(), 80, [counted(1)], undefined)).not.toHaveProperty('connects');
  });

  it('are shown for existing tasks before any thread has reported', () => {
    const sum = sumCounters(service(), 80, [], ended(counted(4)));
    expect(sum).toMatchObject({ active: 0, total: 40 });
    expect(sum.backends.map(({ id, active, total }) => [id, active, total])).toEqual([
      ['a', 0, 4],
      ['b', 0, 4],
    ]);
    expect(sumCounters(service(), 80, [], undefined).backends).toMatchObject([{ id: 'a', total: 0 }, {}]);
  });
});
