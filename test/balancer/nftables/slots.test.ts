import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { choosesInKernel, kernelChoice } from '../../../src/balancer/nftables/slots.js';
import type { VirtualService } from '../../../src/balancer/plane.js';
import { SCHEDULERS, type SchedulerName } from '../../../src/net/balancing.js';
import { backend, tcpService } from '../proxy/peer.js';

const service = (scheduler: SchedulerName, weights: readonly number[]): VirtualService =>
  tcpService(
    { ip: '10.43.0.2', port: 80 },
    weights.map((weight, at) => backend(`t${at}`, { ip: `10.88.0.${at + 1}`, port: 80 }, { weight })),
    { scheduler },
  );

/** The last number of the address of each slot's task. */
function dealt(of: VirtualService): readonly number[] {
  const choice = kernelChoice(of);
  return (choice?.slots ?? []).map((number) => Number(choice?.tasks.get(number)?.ip.split('.')[3]));
}

const share = (slots: readonly number[], task: number): number =>
  slots.filter((each) => each === task).length / slots.length;

describe('the slots of a service that the kernel carries', () => {
  it('exist for the schedulers that need no numbers of connections', () => {
    expect(SCHEDULERS.filter((each) => !choosesInKernel(each))).toEqual([
      ...['lc', 'wlc', 'sed', 'nq', 'lblc', 'lblcr', 'ovf', 'twos'],
    ]);
  });

  it('take turns as the proxy does', () => {
    expect(dealt(service('rr', [5, 1, 1]))).toEqual([1, 2, 3]);
    expect(dealt(service('wrr', [5, 1, 1]))).toEqual([1, 1, 2, 1, 3, 1, 1]);
    expect(dealt(service('wrr', [20, 10]))).toEqual([1, 2, 1]);
    expect(dealt(service('fo', [1, 9, 9]))).toEqual([2]);
  });

  it('of great weights without smaller terms stay few, and nobody is left out', () => {
    const slots = dealt(service('wrr', [65_535, 1, 32_768]));
    expect(slots.length).toBeLessThanOrEqual(514);
    expect(slots).toContain(2);
    expect(share(slots, 1)).toBeCloseTo(2 / 3, 1);
  });

  it('have none of a task that takes no connections', () => {
    expect(dealt(service('wrr', [1, 0]))).toEqual([1]);
    expect(kernelChoice(service('wrr', [0]))).toBeUndefined();
    expect(kernelChoice(service('rr', []))).toBeUndefined();
  });

  it.each(['sh', 'sh-port', 'mh', 'mh-port'] as const)('are dealt by weight: %s', (scheduler) => {
    const slots = dealt(service(scheduler, [2, 1, 1]));
    expect(slots).toHaveLength(1021);
    expect(share(slots, 1)).toBeGreaterThan(0.42);
    expect(share(slots, 1)).toBeLessThan(0.58);
  });

  it('of sh: a task that leaves gives away its own only', () => {
    const before = dealt(service('sh', [1, 1, 1]));
    const after = dealt(service('sh', [1, 1, 0]));
    before.forEach((task, slot) => task === 3 || expect(after[slot]).toBe(task));
  });

  it('of mh: few others move when a task leaves', () => {
    const before = dealt(service('mh', [1, 1, 1]));
    const after = dealt(service('mh', [1, 1, 0]));
    const moved = before.filter((task, slot) => task !== 3 && after[slot] !== task);
    expect(moved.length).toBeLessThan(50);
  });

  it('do not depend on the order of tasks where a hash decides', () => {
    const of = service('mh', [1, 2, 3]);
    expect(dealt({ ...of, backends: [...of.backends].reverse() })).toEqual(dealt(of));
  });

  it('number tasks by their addresses, each by its own', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 250 }), { minLength: 1 }), (hosts) => {
        const backends = hosts.map((host) => backend(`t${host}`, { ip: `10.88.0.${host}`, port: 80 }));
        const of = tcpService({ ip: '10.43.0.2', port: 80 }, backends);
        const { tasks } = kernelChoice(of) ?? { tasks: new Map() };
        expect(tasks.size).toBe(hosts.length);
        const { tasks: again } = kernelChoice({ ...of, backends: [...backends].reverse() }) ?? {};
        expect(again).toEqual(tasks);
      }),
    );
  });
});
