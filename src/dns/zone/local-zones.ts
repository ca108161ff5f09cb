import { LabelTree } from './label-tree.js';
import { below, type Located } from './located.js';

/** A zone that every resolver serves itself, because the Internet's servers know nothing about its names. */
interface LocalZone {
  readonly source: string;
  /** A reverse zone of addresses that tasks may have. Nothing in it is denied until all sources have reported. */
  readonly mayBeOurs?: true;
  /** The parent has the DS record that says that the zone is not signed. */
  readonly parentHasDs?: true;
  /** The zone's own name is denied, not only the names below it. */
  readonly deniesItself?: true;
}

const RFC6303 = { source: 'RFC 6303', mayBeOurs: true } as const;
const RFC7793 = { source: 'RFC 7793', mayBeOurs: true } as const;

const numbered = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, i) => String(first + i));

const table: readonly (readonly [zone: string, LocalZone])[] = [
  ['invalid', { source: 'RFC 6761 section 6.4' }],
  ['test', { source: 'RFC 6761 section 6.2' }],
  ['local', { source: 'RFC 6762 section 22.1' }],
  ['onion', { source: 'RFC 7686' }],
  ['alt', { source: 'RFC 9476' }],
  ['internal', { source: 'reserved by ICANN for private use' }],
  ['home.arpa', { source: 'RFC 8375', parentHasDs: true }],
  // Another server's answer would make clients bypass this server.
  ['resolver.arpa', { source: 'RFC 9462 section 6.4' }],
  // Firefox uses the network's own resolver only while this name does not exist.
  ['use-application-dns.net', { source: "Mozilla's canary", deniesItself: true }],
  ...['0', '10', '127', '254.169', '168.192', '2.0.192', '100.51.198', '113.0.203', '255.255.255.255'].map(
    (prefix) => [`${prefix}.in-addr.arpa`, RFC6303] as const,
  ),
  ...numbered(16, 31).map((octet) => [`${octet}.172.in-addr.arpa`, RFC6303] as const),
  ...numbered(64, 127).map((octet) => [`${octet}.100.in-addr.arpa`, RFC7793] as const),
  ...['d.f', '8.e.f', '9.e.f', 'a.e.f', 'b.e.f', '8.b.d.0.1.0.0.2'].map(
    (prefix) => [`${prefix}.ip6.arpa`, RFC6303] as const,
  ),
  // The addresses :: and ::1.
  ...['0', '1'].map((last) => [`${last}.${'0.'.repeat(31)}ip6.arpa`, RFC6303] as const),
];

/** Names in denied zones that a resolver of some hosts is known to serve. They are asked upstream. */
const SERVED_BY_HOSTS: readonly (readonly [zone: string, where: string])[] = [
  ['google.internal', 'Google Cloud names its machines and its metadata server there'],
  ['ec2.internal', 'AWS names its machines there'],
  ['compute.internal', 'AWS names its machines there'],
  ['docker.internal', 'Docker Desktop names the host there'],
];

/**
 * The names in denied zones that go upstream all the same: those served by clouds and Docker, and those in the host's
 * search list, because the host's own programs get answers there.
 * @param searchSuffixes lower case
 * @param domain the labels of our own domain; names at, below or above it are never opened
 */
export function openedZones(searchSuffixes: readonly string[], domain: readonly string[]): LabelTree<string> {
  const opened = new LabelTree<string>();
  const open = (zone: string, why: string): void => {
    const labels = zone.split('.');
    const isOurs = below(labels, domain) !== undefined || below(domain, labels) !== undefined;
    if (!isOurs && zones.nearest(labels) !== undefined) opened.set(labels, why);
  };
  for (const [zone, where] of SERVED_BY_HOSTS) open(zone, where);
  for (const suffix of searchSuffixes) open(suffix, "it is in the host's search list");
  return opened;
}

/** The denied zones, in the order of the documentation. */
export const DENIED_ZONES: readonly string[] = table.map(([zone]) => zone);

const zones = new LabelTree<LocalZone>();
for (const [name, zone] of table) zones.set(name.split('.'), zone);

const LOCALHOST = ['localhost'];

/** `localhost` and the names below it mean this machine, for every client. */
export function locateLocalhost(labels: readonly string[]): Located | undefined {
  if (labels.at(-1) !== 'localhost') return undefined;
  const rule = 'localhost (RFC 6761 section 6.3)';
  return {
    kind: 'addresses',
    ips: ['127.0.0.1', '::1'],
    zone: LOCALHOST,
    certain: true,
    rule,
    ...(labels.length > 1 && { isDefault: true }),
  };
}

/** The denial of a name. Undefined if the name is in none of these zones. */
export function locateLocalZone(labels: readonly string[]): Located | undefined {
  const found = zones.nearest(labels);
  if (!found) return undefined;
  const { value, labels: zone } = found;
  const rule = `"${zone.join('.')}" is never asked upstream (${value.source})`;
  const isApex = zone.length === labels.length && value.deniesItself !== true;
  return {
    kind: isApex ? 'apex' : 'absent',
    zone,
    rule,
    ...(value.mayBeOurs === undefined && { certain: true }),
  };
}

/** The local zone that contains a name. */
export function localZoneOf(labels: readonly string[]): readonly string[] | undefined {
  return zones.nearest(labels)?.labels;
}

/** Whether the parent answers for a zone's DS but for nothing else in it (RFC 8375 section 4). */
export function parentHasDs(zone: readonly string[]): boolean {
  return zones.get(zone)?.parentHasDs === true;
}
