import type { TYPE } from '../../../src/wire/constants.js';
import { DOMAIN, SUBNET } from '../golden/fixture.js';
import { forwardZoneFile, reverseZoneFile } from '../golden/zone-file.js';

/** ANY is left out: every server has its own way to answer it shortly (RFC 8482). */
export const TYPES = [
  'A',
  'AAAA',
  'CNAME',
  'MX',
  'NS',
  'PTR',
  'SOA',
  'SRV',
  'TXT',
  'HTTPS',
  'CAA',
  'DS',
] as const satisfies readonly (keyof typeof TYPE)[];

export type QuestionType = (typeof TYPES)[number];

/** A whole name without the last dot, and a type. */
export interface Question {
  readonly name: string;
  readonly type: QuestionType;
}

/** The label of names that the golden zone does not have. */
const ABSENT = 'absent';

/**
 * Every owner of the golden zone and of its reverse zone, all names between it and the zone's top, and below each of
 * these a name and a name of two labels that are not there but for what a wildcard makes of them.
 */
function questionNames(): readonly string[] {
  const zones: readonly (readonly [text: string, origin: string])[] = [
    [forwardZoneFile({ minimum: 1 }), DOMAIN],
    [reverseZoneFile({ minimum: 1 }), SUBNET.reverse],
  ];
  const names = new Set<string>();
  for (const [text, origin] of zones) {
    for (const relative of ownersOf(text)) {
      for (const above of upwards(relative)) {
        const name = above === '' ? origin : `${above}.${origin}`;
        names.add(name).add(`${ABSENT}.${name}`).add(`${ABSENT}.${ABSENT}.${name}`);
      }
    }
  }
  return [...names];
}

export function allQuestions(): readonly Question[] {
  return questionNames().flatMap((name) => TYPES.map((type) => ({ name, type })));
}

/** Owners below the origin; '' for the origin itself. */
function ownersOf(zoneFile: string): readonly string[] {
  return zoneFile
    .split('\n')
    .map((line) => line.split(' ')[0] ?? '')
    .filter((owner) => owner !== '' && !owner.startsWith('$'))
    .map((owner) => (owner === '@' ? '' : owner));
}

function upwards(relative: string): readonly string[] {
  const labels = relative === '' ? [] : relative.split('.');
  return Array.from({ length: labels.length + 1 }, (_, at) => labels.slice(at).join('.'));
}
