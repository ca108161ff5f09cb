import { nameFault } from '../net/dns-labels.js';
import { isReservedName } from '../net/reserved-names.js';

/** What a container's DNS names are made from. Texts are as found. */
export interface NameParts {
  readonly id: string;
  /** As Docker has it, without the slash. */
  readonly dockerName: string;
  /** `fairlead.name` */
  readonly override?: string;
  /** `io.rancher.container.name` */
  readonly rancherName?: string;
  /** Stack, service, sidekick if any, and number, where the labels give them all. */
  readonly place?: readonly string[];
}

/** The name that operators know a container by: Rancher's agent prefixes it with `r-`. */
export function operatorName(dockerName: string): string {
  return dockerName.length > 2 ? dockerName.replace(/^r-/, '') : dockerName;
}

/**
 * The names below the domain, lower case, best first: the canonical one, other spellings of it (`_` and `-`, with
 * `r-`), the short id. What is not a DNS name is left out, and so is what is reserved.
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
 * `stack_service_1` and `stack-service-1` for a container that has one of these names: both have been the custom.
 * One with a name of its own does not get them, because its replacement may have them while both live.
 */
function placeNames(name: string, place: readonly string[] | undefined): string[] {
  if (place === undefined) return [];
  const dashed = (text: string) => text.toLowerCase().replaceAll('_', '-');
  const underscored = place.join('_');
  return dashed(underscored) === dashed(name) ? [underscored, place.join('-')] : [];
}
