import { nameFromLabels } from '../../src/wire/name.js';
import { deepTask, DOMAIN, goldenServices, STACK } from '../conformance/golden/fixture.js';
import type { Random } from './random.js';

type Texts = readonly [string, ...string[]];

/** Names of the golden zone, and names that lead to its every rule; dotted. */
const ownNames: Texts = [
  DOMAIN,
  `ns.${DOMAIN}`,
  `${STACK}.${DOMAIN}`,
  `rancher-metadata.${DOMAIN}`,
  `${deepTask.name}.${DOMAIN}`,
  `b.c.${DOMAIN}`,
  `web-1.${DOMAIN}`,
  `foo.wild.${STACK}.${DOMAIN}`,
  `x.sub.wild.${STACK}.${DOMAIN}`,
  `ip-10-42-0-1.${DOMAIN}`,
  ...goldenServices
    // Five thousand records cost milliseconds a time; `hugeName` has its turn now and then.
    .filter(({ name }) => name !== 'huge')
    .flatMap(({ name }) => {
      const service = `${name}.${STACK}.${DOMAIN}`;
      return [
        service,
        service,
        `tasks.${service}`,
        `vip.${service}`,
        `_http._tcp.${service}`,
        `_80._udp.${service}`,
      ];
    }),
];

const hugeName = `huge.${STACK}.${DOMAIN}`;

const otherNames: Texts = [
  'web',
  `web.${STACK}`,
  'nobody',
  'com',
  'google.com',
  'outside.example',
  'missing.example',
  'localhost',
  'a.localhost',
  'host.invalid',
  'printer.local',
  'service.onion',
  'github.com.stack.rancher.internal',
  '11.0.42.10.in-addr.arpa',
  '99.0.42.10.in-addr.arpa',
  '42.10.in-addr.arpa',
  '1.0.0.127.in-addr.arpa',
  '8.8.8.8.in-addr.arpa',
  '6.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa',
  'version.bind',
  'use-application-dns.net',
];

/** Names that are nobody's here: they go upstream. */
const foreignNames: Texts = [
  'outside.example',
  'www.outside.example',
  'missing.example',
  'a.b.c.example',
  'example',
];

/** The wire form of dotted labels. */
export function wire(text: string): Buffer {
  return Buffer.from(nameFromLabels(text === '' ? [] : text.split('.')) ?? [0]);
}

/** A name that is well-formed, in any case of letters. */
export function goodName(random: Random): Buffer {
  const roll = random.below(20);
  if (roll < 11) return mixCase(random, wire(random.pick(ownNames)));
  if (roll < 15) return mixCase(random, wire(random.pick(otherNames)));
  if (roll === 15) return longName(random);
  if (roll === 16 && random.oneIn(20)) return wire(hugeName);
  return below(random, random.oneIn(2) ? wire(DOMAIN) : wire(random.pick(otherNames)));
}

export function foreignName(random: Random): Buffer {
  return mixCase(random, wire(random.pick(foreignNames)));
}

/** Labels of any bytes, dots and NULs among them, in front of a name. */
function below(random: Random, parent: Buffer): Buffer {
  const labels = Array.from({ length: 1 + random.below(3) }, () => {
    const octets = random.oneIn(3)
      ? Buffer.from(random.pick(['web.stack', 'a\0b', '*', '_http', 'é', '\xff\xfe']), 'latin1')
      : random.octets(1 + random.below(random.oneIn(4) ? 63 : 8));
    return Buffer.concat([Buffer.of(octets.length), octets]);
  });
  const name = Buffer.concat([...labels, parent]);
  return name.length <= 255 ? name : parent;
}

/** 253 to 255 bytes: of the longest labels, or of the most. */
function longName(random: Random): Buffer {
  const length = 253 + random.below(3);
  const parts: Buffer[] = [];
  for (let left = length - 1; left > 0;) {
    // A label takes two bytes at least, so one byte must never be left over.
    const size = left <= 64 ? left - 1 : random.oneIn(2) ? 63 : 1;
    const label = left - size - 1 === 1 ? size - 1 : size;
    parts.push(Buffer.of(label), Buffer.alloc(label, 0x61));
    left -= label + 1;
  }
  return Buffer.concat([...parts, Buffer.of(0)]);
}

function mixCase(random: Random, name: Buffer): Buffer {
  if (random.oneIn(2)) return name;
  // Length bytes are below 0x40, so none is taken for a letter.
  return Buffer.from(name.map((octet) => (isLower(octet) && random.oneIn(2) ? octet - 0x20 : octet)));
}

const isLower = (octet: number) => octet >= 0x61 && octet <= 0x7a;

/** What stands where a name should, and is none. @param offset where it will stand in the packet */
export function badName(random: Random, offset: number): Buffer {
  const pointer = (target: number) => Buffer.of(0xc0 | ((target >> 8) & 0x3f), target & 0xff);
  switch (random.below(8)) {
    case 0:
      return pointer(offset);
    case 1:
      return pointer(random.below(12));
    case 2:
      return pointer(offset + 2 + random.below(40));
    case 3:
      return pointer(12);
    case 4:
      return Buffer.concat([Buffer.of(0x40 | random.below(0x40)), random.octets(8)]);
    case 5:
      return Buffer.concat([Buffer.of(0x80 | random.below(0x40)), random.octets(8)]);
    case 6:
      // 256 bytes.
      return Buffer.concat([...Array.from({ length: 127 }, () => Buffer.of(1, 0x61)), Buffer.of(0, 0)]).fill(
        1,
        254,
        255,
      );
    default:
      return Buffer.concat([Buffer.of(3, 0x77, 0x77, 0x77), pointer(random.oneIn(2) ? offset : 12)]);
  }
}
