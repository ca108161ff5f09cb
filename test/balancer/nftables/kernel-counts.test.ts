import { expect, it } from 'vitest';
import { KernelCounts } from '../../../src/balancer/nftables/kernel-counts.js';
import type { VirtualServiceCounters } from '../../../src/balancer/plane.js';
import { parseCounts } from '../../../src/linux/vip-kernel-rules.js';

const POOL = '10.43.0.0/16';
const place = { vip: '10.43.0.2', port: 80, protocol: 'tcp' } as const;
const figures = { active: 1, total: 2, bytesIn: 3, bytesOut: 4 };
const proxied: VirtualServiceCounters = {
  ...{ ...place, service: 'default/shop/web', scheduler: 'rr' },
  ...{ ...figures, refused: 5, failed: 6, retried: 7 },
  backends: [
    {
      ...{ id: 'a', name: 'a', address: { ip: '10.88.0.11', port: 8080 }, weight: 1, state: 'active' },
      ...{ ...figures, errors: 8 },
    },
  ],
};
const listed = (packets: number): string =>
  JSON.stringify({
    nftables: [
      { metainfo: {} },
      {
        map: {
          name: 'tasks',
          elem: [
            [
              { elem: { val: { concat: ['10.43.0.2', 'tcp', 80, 77] }, counter: { packets, bytes: 60 } } },
              { concat: ['10.88.0.11', 8080] },
            ],
          ],
        },
      },
    ],
  });

it('adds what the kernel led to what the proxy carried, and leaves out what only the proxy counts', async () => {
  let [now, packets] = [0, 10];
  const flow = { ...place, task: '10.88.0.11', taskPort: 8080 };
  const counts = new KernelCounts(
    {
      countConnections: () => Promise.resolve(parseCounts(listed(packets))),
      ledFlows: () => Promise.resolve([flow, flow, { ...flow, port: 81 }]),
    },
    () => now,
  );
  await counts.read(POOL);
  expect(counts.added(proxied)).toEqual({
    ...{ ...place, service: 'default/shop/web', scheduler: 'rr', retried: 7, active: 3, total: 12 },
    backends: [
      {
        ...{ id: 'a', name: 'a', address: { ip: '10.88.0.11', port: 8080 }, weight: 1, state: 'active' },
        ...{ active: 3, total: 12 },
      },
    ],
  });
  // Rules that are written again count from 0; the total goes on.
  [now, packets] = [1000, 4];
  await counts.read(POOL);
  expect(counts.added(proxied).total).toBe(16);
});

it('goes without what it cannot read', async () => {
  expect(parseCounts('Error: JSON support not compiled-in')).toBeUndefined();
  const none = { countConnections: () => Promise.resolve(undefined), ledFlows: () => Promise.resolve([]) };
  const counts = new KernelCounts(none, () => 0);
  await counts.read(POOL);
  expect(counts.added(proxied)).toMatchObject({ active: 1, total: 2 });
});
