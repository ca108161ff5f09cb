import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { ipBytes, ipFamily, type IpFamily } from '../../net/ip.js';

/** One address of an interface of a host. */
export interface InterfaceAddress {
  readonly name: string;
  /** Of the interface; the order in which Go lists them. */
  readonly index: number;
  /** In Go's words: `up`, `broadcast`, `loopback`, `pointtopoint`, `multicast`. */
  readonly flags: readonly string[];
  readonly family: IpFamily;
  readonly address: bigint;
  /** Bits of the network's prefix. */
  readonly prefix: number;
  /** Whether the default route leaves through the interface. */
  readonly isDefault: boolean;
}

/** IFF_* of netdevice(7), in the order in which Go prints them. */
const FLAGS: readonly (readonly [string, number])[] = [
  ['up', 0x1],
  ['broadcast', 0x2],
  ['loopback', 0x8],
  ['pointtopoint', 0x10],
  ['multicast', 0x1000],
];

/** The addresses of this host, by interface, IPv4 first. */
export function hostInterfaces(): InterfaceAddress[] {
  const leaving = defaultInterface();
  return Object.entries(networkInterfaces())
    .flatMap(([name, addresses = []]) => {
      const bits = Number(systemText(`/sys/class/net/${name}/flags`, '0'));
      const index = Number(systemText(`/sys/class/net/${name}/ifindex`, '0'));
      const flags = FLAGS.filter(([, bit]) => (bits & bit) !== 0).map(([flag]) => flag);
      return addresses.map(({ address, cidr }) => ({
        ...{ name, index, flags, isDefault: name === leaving },
        family: ipFamily(address),
        address: addressNumber(address),
        prefix: Number(cidr?.split('/')[1] ?? (ipFamily(address) === 4 ? 32 : 128)),
      }));
    })
    .sort((a, b) => a.index - b.index || a.family - b.family);
}

/** The bytes of an address as one number. */
export function addressNumber(canonical: string): bigint {
  return BigInt(`0x${Buffer.from(ipBytes(canonical)).toString('hex')}`);
}

/** The interface of the default route with the smallest metric. */
function defaultInterface(): string | undefined {
  const routes = systemText('/proc/net/route', '')
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'))
    .filter(([, destination, , , , , , mask]) => destination === '00000000' && mask === '00000000')
    .sort((a, b) => Number(a[6]) - Number(b[6]));
  return routes[0]?.[0];
}

function systemText(path: string, otherwise: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return otherwise;
  }
}
