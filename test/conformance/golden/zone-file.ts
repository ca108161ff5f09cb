import {
  deepTask,
  DOMAIN,
  goldenServices,
  NAME_SERVER,
  SOA_TIMES,
  STACK,
  staticRecords,
  SUBNET,
  TTL,
  type GoldenService,
} from './fixture.js';

export interface ZoneFileOptions {
  /** The SOA's MINIMUM, in seconds. */
  readonly minimum: number;
  /** Services to leave out: what a server cannot load. */
  readonly without?: readonly string[];
}

/** The golden zone in the format of RFC 1035 section 5. */
export function forwardZoneFile({ minimum, without = [] }: ZoneFileOptions): string {
  const services = goldenServices.filter(({ name }) => !without.includes(name));
  return [
    ...head(`${DOMAIN}.`, minimum),
    `ns A ${NAME_SERVER}`,
    ...services.flatMap(serviceLines),
    `${deepTask.name} A ${deepTask.address}`,
    ...staticRecords,
    '',
  ].join('\n');
}

/** The reverse zone of {@link SUBNET}. */
export function reverseZoneFile({ minimum }: ZoneFileOptions): string {
  const lastOctet = (address: string) => address.split('.').at(-1) ?? '';
  const inSubnet = goldenServices.flatMap((service) =>
    service.kind === 'tasks' && service.addresses[0]?.startsWith('10.42.0.')
      ? service.addresses.map((address, i) => `${lastOctet(address)} PTR ${service.name}-${i + 1}.${DOMAIN}.`)
      : [],
  );
  return [
    ...head(`${SUBNET.reverse}.`, minimum),
    ...inSubnet,
    `${lastOctet(deepTask.address)} PTR ${deepTask.name}.${DOMAIN}.`,
    '',
  ].join('\n');
}

function head(origin: string, minimum: number): string[] {
  const { serial, refresh, retry, expire } = SOA_TIMES;
  return [
    `$ORIGIN ${origin}`,
    `$TTL ${TTL}`,
    `@ SOA ns.${DOMAIN}. hostmaster.${DOMAIN}. ${serial} ${refresh} ${retry} ${expire} ${minimum}`,
    `@ NS ns.${DOMAIN}.`,
  ];
}

function serviceLines(service: GoldenService): string[] {
  const owner = `${service.name}.${STACK}`;
  switch (service.kind) {
    case 'addresses':
      return addressLines(owner, service.addresses);
    case 'cname':
      return [`${owner} CNAME ${service.target}.`];
    case 'empty':
      // A type that nothing asks for: the name is there, and it has no address.
      return [`${owner} RP . .`];
    case 'tasks':
      return [
        ...addressLines(owner, service.addresses),
        ...addressLines(`tasks.${owner}`, service.addresses),
        ...service.addresses.flatMap((address, i) => [
          ...addressLines(`${service.name}-${i + 1}`, [address]),
          ...['_http', '_80'].map(
            (port) => `${port}._tcp.${owner} SRV 0 256 80 ${service.name}-${i + 1}.${DOMAIN}.`,
          ),
        ]),
      ];
  }
}

function addressLines(owner: string, addresses: readonly string[]): string[] {
  return addresses.map((address) => `${owner} ${address.includes(':') ? 'AAAA' : 'A'} ${address}`);
}
