import { Catalog } from '../../../src/catalog/catalog.js';
import type { Facts } from '../../../src/catalog/facts.js';
import { recordToText } from '../../../src/wire/record-text.js';
import { Zone, type ZoneOptions } from '../../../src/dns/zone/zone.js';
import { RCODE, TYPE } from '../../../src/wire/constants.js';
import { labelsOf } from '../../../src/wire/name.js';
import { nameFromText, nameToText } from '../../../src/wire/name-text.js';
import type { Question } from '../../../src/dns/resolver.js';
import { parseCidr } from '../../../src/net/ip.js';
import { parseRecord, type StaticRecord } from '../../../src/wire/static-record.js';

const everybody = ['0.0.0.0/0', '::/0'].map(parseCidr).filter((range) => range !== undefined);

/** A zone that answers everybody, over facts of one source; without facts the source is loading. */
export function zoneOf(content: Facts | undefined, over: Partial<ZoneOptions> = {}) {
  const catalog = new Catalog({ clock: () => 0 });
  const sink = catalog.sink('docker');
  if (content) {
    sink.replace(content);
    sink.status({ state: 'live' });
  }
  const zone = new Zone({
    catalog,
    domain: 'rancher.internal',
    environment: 'default',
    ttl: 7,
    negativeTtl: 3,
    nameServers: ['169.254.169.250'],
    serialBase: 100,
    allow: everybody,
    ...over,
  });
  return { catalog, zone };
}

export function question(name: string, type: keyof typeof TYPE): Question {
  const wire = nameFromText(name);
  if (!wire) throw new Error(`${name} is no name`);
  return { name: wire, labels: labelsOf(wire), type: TYPE[type] };
}

/** `10.0.0.1, 10.0.0.2`, `NXDOMAIN rancher.internal`, `NODATA rancher.internal`, `forward`, `CNAME x, chase x`. */
export function answerTo(zone: Zone, name: string, type: keyof typeof TYPE, from: string): string {
  const resolution = zone.resolve(question(name, type), { address: from });
  if (resolution.kind !== 'answer') return resolution.kind;
  const data = resolution.answers.map((record) => recordToText(record).split(' ').slice(3).join(' '));
  if (resolution.chase) data.push(`chase ${nameToText(resolution.chase)}`);
  const [soa] = resolution.authority;
  const zoneName = soa ? ` ${nameToText(soa.owner)}` : '';
  if (resolution.rcode === RCODE.NXDOMAIN) return `NXDOMAIN${zoneName}`;
  if (resolution.rcode === RCODE.SERVFAIL) return `SERVFAIL ${resolution.ede?.text ?? ''}`;
  return data.length > 0 ? data.join(', ').replace(/\b(A|AAAA) /g, '') : `NODATA${zoneName}`;
}

/** Records in the form of a zone file. */
export function recordsOf(...lines: readonly string[]): readonly StaticRecord[] {
  return lines.map((line) => {
    const result = parseRecord(line);
    if (!result.ok) throw new Error(`the record "${line}" ${result.fault}`);
    return result.record;
  });
}
