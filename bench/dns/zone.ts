import { canonicalIp } from '../../src/net/ip.js';
import { addressesFrom } from './addresses.js';

/** The domain of all own names; a peer has it as its zone. */
export const DOMAIN = 'rancher.internal';
/** The zone of the foreign names: nothing in it is known to the servers that are measured, all of it to the upstream. */
export const FOREIGN = 'foreign.example';
export const PORT_NAME = 'http';
export const PORT = 80;
/** Seconds: Fairlead's default for own names, given to the peers too. */
export const OWN_TTL = 1;
/** Seconds: no foreign name runs out while the bench runs. */
export const FOREIGN_TTL = 3600;

/** How large a zone is. */
export interface ZoneShape {
  readonly services: number;
  /** Tasks of each service. */
  readonly tasks: number;
  readonly stacks: number;
  /** Whether each task has an IPv6 address too. */
  readonly dual: boolean;
}

export interface BenchTask {
  readonly name: string;
  readonly ip: string;
  readonly ip6?: string;
}

export interface BenchService {
  readonly name: string;
  readonly stack: string;
  readonly tasks: readonly BenchTask[];
}

/**
 * The services of a zone. Numbers have leading zeros, so that all names, and all answers, are of one length: the floor's
 * replies have the same bytes as everybody else's. Service i is in stack i modulo the number of stacks.
 */
export function makeZone({ services, tasks, stacks, dual }: ZoneShape): readonly BenchService[] {
  const ip = addressesFrom('10.0.0.1');
  return Array.from({ length: services }, (_, index): BenchService => {
    const name = `s${padded(index, services)}`;
    const stack = `stack${padded(index % stacks, stacks)}`;
    return {
      name,
      stack,
      tasks: Array.from({ length: tasks }, (_, task): BenchTask => {
        const number = index * tasks + task;
        return {
          name: `${stack}-${name}-${padded(task, tasks)}`,
          ip: ip(number),
          ...(dual && { ip6: ip6(number) }),
        };
      }),
    };
  });
}

function ip6(number: number): string {
  const text = `fd00::1:${(number >> 16).toString(16)}:${(number & 0xffff).toString(16)}`;
  return canonicalIp(text) ?? text;
}

const padded = (index: number, count: number): string =>
  String(index).padStart(String(count - 1).length, '0');

export const ownerOf = ({ name, stack }: BenchService): string => `${name}.${stack}.${DOMAIN}`;
export const srvOwnerOf = (service: BenchService): string => `_${PORT_NAME}._tcp.${ownerOf(service)}`;
export const targetOf = (task: BenchTask): string => `${task.name}.${DOMAIN}`;

/** A zone file of RFC 1035 with everything that the services answer. */
export function zoneFile(zone: readonly BenchService[]): string {
  const lines = [
    `$ORIGIN ${DOMAIN}.`,
    `$TTL ${OWN_TTL}`,
    `@ SOA ns hostmaster 1 60 10 86400 ${OWN_TTL}`,
    '@ NS ns',
    'ns A 127.0.0.1',
  ];
  for (const [owner, type, data] of records(zone)) lines.push(`${owner}. ${type} ${data}`);
  return `${lines.join('\n')}\n`;
}

/** Owner without the dot at its end, type, data in the form of a zone file. */
export function* records(
  zone: readonly BenchService[],
): Generator<readonly [owner: string, type: 'A' | 'AAAA' | 'SRV', data: string]> {
  for (const service of zone) {
    for (const task of service.tasks) {
      const { ip, ip6 } = task;
      for (const owner of [ownerOf(service), targetOf(task)]) {
        yield [owner, 'A', ip];
        if (ip6 !== undefined) yield [owner, 'AAAA', ip6];
      }
      yield [srvOwnerOf(service), 'SRV', `0 256 ${PORT} ${targetOf(task)}.`];
    }
  }
}
