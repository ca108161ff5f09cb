interface Named {
  readonly name?: string | undefined;
}

/** The value of a key of `sources` or `publishers`: settings, or a list of them, each with its own name. */
export type OneOrMore<T> = T | readonly (T & Named)[];

/** One configured source of a kind. */
interface Instance<T> {
  /** `docker`, `file:lab`: the kind, and the name of the instance if it has one. */
  readonly source: string;
  readonly settings: T;
}

/** The instances of a kind, in the order of the configuration. */
export function instancesOf<T extends object>(kind: string, given: OneOrMore<T> | undefined): Instance<T>[] {
  if (given === undefined) return [];
  if (!isList(given)) return [{ source: kind, settings: given }];
  return given.map(({ ...settings }) => ({
    source: settings.name === undefined ? kind : `${kind}:${settings.name}`,
    settings,
  }));
}

/** Maps the settings, or each item of a list of them. */
export function mapInstances<T extends object, R>(
  given: OneOrMore<T>,
  map: (item: T, index: number | undefined) => R,
): R | R[] {
  return isList(given) ? given.map((item, index) => map(item, index)) : map(given, undefined);
}

/** The kind of a source: `file` of `file:lab`. */
export function kindOfSource(source: string): string {
  const colon = source.indexOf(':');
  return colon < 0 ? source : source.slice(0, colon);
}

function isList<T>(given: OneOrMore<T>): given is readonly (T & Named)[] {
  return Array.isArray(given);
}
