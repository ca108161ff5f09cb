import { expect, it } from 'vitest';
import { portShortages } from '../../../src/balancer/flows/port-shortage.js';
import type { VirtualServiceCounters } from '../../../src/balancer/plane.js';
import type { SourcePorts } from '../../../src/linux/source-ports.js';

const counters = (active: number, timeWait: number): VirtualServiceCounters => ({
  ...{ service: 'default/shop/web', vip: '10.43.0.9', port: 80, protocol: 'tcp', scheduler: 'rr' },
  ...{ active, total: 0, bytesIn: 0, bytesOut: 0, refused: 0, failed: 0, retried: 0 },
  backends: [
    {
      ...{
        id: 'a',
        name: 'shop-web-1',
        address: { ip: '172.18.0.2', port: 8080 },
        weight: 1,
        state: 'active',
      },
      ...{ active, total: 0, bytesIn: 0, bytesOut: 0, errors: 0, timeWait },
    },
  ],
});
const range: SourcePorts = { first: 40_001, last: 40_100, reuse: 'loopback' };

it('says so where connections have failed, whatever is in use', () => {
  const service = counters(10, 0);
  const backends = service.backends.map((each) => ({ ...each, portless: 3 }));
  const [found] = portShortages([{ ...service, backends }], () => 1, range);
  expect(found?.message).toMatch(
    /^3 connections to shop-web-1 \(172\.18\.0\.2:8080\) failed in the last minute/,
  );
});

it.each([
  ['few', 10, 20, 1, range, 0],
  ['four fifths, those that are over included', 30, 50, 1, range, 1],
  ['one less', 30, 49, 1, range, 0],
  ['two addresses to come from', 30, 50, 2, range, 0],
  ['ports that are used again', 30, 50, 1, { ...range, reuse: 'always' } as const, 0],
  ['open ones alone', 80, 0, 1, { ...range, reuse: 'always' } as const, 1],
])('%s', (_name, active, timeWait, sources, ports, expected) => {
  const found = portShortages([counters(active, timeWait)], () => sources, ports);
  expect(found.length).toBe(expected);
  if (expected > 0) {
    expect(found[0]?.at).toEqual({ vip: '10.43.0.9', port: 80, protocol: 'tcp' });
    expect(found[0]?.message).toMatch(
      /^80 of 100 ports .* to shop-web-1 \(172\.18\.0\.2:8080\) .*tcp_tw_reuse=1/,
    );
  }
});
