import { networkInterfaces } from 'node:os';
import { expect, it, vi } from 'vitest';
import { ownAddresses } from '../../src/linux/own-addresses.js';

vi.mock('node:os', () => ({ networkInterfaces: vi.fn() }));

const address = (text: string) => ({ address: text }) as never;

it('lists the addresses of all interfaces, but not the link-local ones that containers bring', () => {
  vi.mocked(networkInterfaces).mockReturnValue({
    lo: [address('127.0.0.1'), address('::1'), address('169.254.169.250')],
    eth0: [address('192.0.2.1'), address('2001:DB8::1'), address('fe80::1%eth0')],
    veth1: [address('fe80::42:acff:fe11:2'), address('febf::1'), address('fec0::1')],
  });
  expect(ownAddresses()).toEqual([
    ...['127.0.0.1', '169.254.169.250', '192.0.2.1', '2001:db8::1', '::1', 'fec0::1'],
  ]);
});
