import { expect, it } from 'vitest';
import { hostRanges, parseRoutes, parseRoutes6 } from '../../src/linux/routes.js';

const header = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n';
const row = (...columns: string[]) => `${columns.join('\t')}\t0\t0\t0   \n`;

it('reads the IPv4 routes of either octet order, without default routes and the loopback interface', () => {
  const little =
    header +
    row('eth0', '00000000', '010200C0', '0003', '0', '0', '0', '00000000') +
    row('eth0', '000200C0', '00000000', '0001', '0', '0', '0', '00FFFFFF') +
    row('tun0', '0000000A', '010200C0', '0003', '0', '0', '0', '000000FF') +
    row('eth0', '09002B0A', '00000000', '0005', '0', '0', '0', 'FFFFFFFF') +
    row('lo', '00002B0A', '00000000', '0001', '0', '0', '0', '0000FFFF');
  expect(parseRoutes(little, 'LE')).toEqual([
    { range: '192.0.2.0/24', what: 'the route 192.0.2.0/24 (eth0)' },
    { range: '10.0.0.0/8', what: 'the route 10.0.0.0/8 (tun0)' },
    { range: '10.43.0.9/32', what: 'the route 10.43.0.9/32 (eth0)' },
  ]);
  const big = header + row('eth0', 'C0000200', '0', '1', '0', '0', '0', 'FFFFFF00');
  expect(parseRoutes(big, 'BE').map(({ range }) => range)).toEqual(['192.0.2.0/24']);
});

it('reads the IPv6 routes', () => {
  const line = (destination: string, prefix: string, name: string) =>
    `${destination} ${prefix} ${'0'.repeat(32)} 00 ${'0'.repeat(32)} 00000100 00000001 00000000 00000001     ${name}\n`;
  const text =
    line('fd004300000000000000000000000000', '40', 'docker0') +
    line('0'.repeat(32), '00', 'eth0') +
    line('0'.repeat(31) + '1', '80', 'lo');
  expect(parseRoutes6(text)).toEqual([
    { range: 'fd00:4300::/64', what: 'the route fd00:4300::/64 (docker0)' },
  ]);
});

it.each(['', header, 'eth0\tx\ty', '\0', 'eth0 00 00'])('ignores %j', (text) => {
  expect([parseRoutes(text, 'LE'), parseRoutes6(text)]).toEqual([[], []]);
});

it('reports no address of the loopback interface', () => {
  expect(hostRanges().filter(({ range }) => range.startsWith('127.'))).toEqual([]);
});
