import { expect, it } from 'vitest';
import { ownAddresses } from '../../src/linux/own-addresses.js';

const address = (text: string) => ({ address: text }) as never;

it('lists the addresses of all interfaces, but not the link-local ones that containers bring', () => {
  const interfaces = {
    lo: [address('127.0.0.1'), address('::1'), address('169.254.169.250')],
    eth0: [address('192.0.2.1'), address('2001:DB8::1'), address('fe80::1%eth0')],
    veth1: [address('fe80::42:acff:fe11:2'), address('febf::1'), address('fec0::1')],
  };
  expect(ownAddresses(interfaces)).toEqual([
    ...['127.0.0.1', '169.254.169.250', '192.0.2.1', '2001:db8::1', '::1', 'fec0::1'],
  ]);
});

it('looks at the interfaces of this host by itself', () => {
  expect(ownAddresses()).toContain('127.0.0.1');
});
