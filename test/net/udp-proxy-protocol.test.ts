import { expect, it } from 'vitest';
import type { Balancing } from '../../src/net/balancing.js';
import { idleProxySettings } from '../../src/net/udp-proxy-protocol.js';

const both = [
  { port: 80, protocol: 'tcp' },
  { port: 53, protocol: 'udp' },
];

it.each<[Balancing, typeof both, string[]]>([
  [
    { proxyProtocol: 'v1' },
    both,
    ['proxyProtocol does nothing for 53/udp: version 1 knows no UDP; write v2'],
  ],
  [{ proxyProtocol: 'v2' }, both, []],
  [{ proxyProtocol: 'none', acceptProxy: false }, both, []],
  [{ acceptProxy: true }, both, [expect.stringMatching(/^acceptProxy does nothing for 53\/udp: /) as string]],
  [{ proxyProtocol: 'v1', acceptProxy: true }, both.slice(0, 1), []],
  [{ proxyProtocol: 'v1', acceptProxy: true }, [], []],
])('%j on %j', (balancing, ports, expected) => {
  expect(idleProxySettings(balancing, ports).map(({ field, why }) => `${field} ${why}`)).toEqual(expected);
});
