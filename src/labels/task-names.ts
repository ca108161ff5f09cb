import { nameFault } from '../net/dns-labels.js';
import { isReservedName } from '../net/reserved-names.js';

/** The parts of a container's DNS names. Texts are unchecked. */
export interface NameParts {
  readonly id: string;
  /** The name in Docker, without the slash. */
  readonly dockerName: string;
  /** `fairlead.name` */
  readonly override?: string;
  /** `io.rancher.container.name` */
  readonly rancherName?: string;
  /** Stack, service, sidekick if any, and number, if the labels give them all. */
  readonly place?: readonly string[];
}

/** The name by which operators know a container. Rancher's agent adds the prefix `r-`. */
export function operatorName(dockerName: string): string {
  return dockerName.length > 2 ? dockerName.replace(/^r-/, '') : dockerName;
}

/**
 * The names below the domain, in lower case, best first: the canonical one, its other spellings (`_` and `-`, with
 * `r-`), the short id. Invalid DNS names and reserved names are left out.
 */
export function dnsNames(parts: NameParts): string[] {
  const name = operatorName(parts.dockerName);
  const known = [parts.override, name, parts.rancherName, parts.dockerName].filter(
    (one) => one !== undefined,
  );
  const spellings = [
    ...known,
    ...known.map((one) => one.replaceAll('_', '-')),
    ...placeNames(name, parts.place),
  ];
  const all = [...spellings, parts.id.slice(0, 12)].map((one) => one.toLowerCase());
  return [...new Set(all)].filter((one) => nameFault(one) === undefined && !isReservedName(one));
}

/**
 * Gives `stack_service_1` and `stack-service-1` to a container that has one of these names, because both are common. A
 * container with another name does not get them, because its replacement may have them while both run.
 */
function placeNames(name: string, place: readonly string[] | undefined): string[] {
  if (place === undefined) return [];
  const dashed = (text: string) => text.toLowerCase().replaceAll('_', '-');
  const underscored = place.join('_');
  return dashed(underscored) === dashed(name) ? [underscored, place.join('-')] : [];
}
