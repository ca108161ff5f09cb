type Variables = Readonly<Record<string, string | undefined>>;

/** Which variables a program gets; names may have `*` for any characters. */
export interface EnvironmentSettings {
  /** None of Fairlead's own. */
  pristine: boolean;
  /** Of Fairlead's own these alone; all when it is empty. */
  allow: readonly string[];
  deny: readonly string[];
  /** `NAME=value`, besides; the last of a name wins. */
  custom: readonly string[];
}

/** The environment of a program, by consul-template's rules: `pristine`, then `allow`, then `deny`, then `custom`. */
export function childEnvironment(own: Variables, settings: EnvironmentSettings | undefined): Variables {
  if (settings === undefined) return own;
  const { pristine, allow, deny, custom } = settings;
  const inherited = Object.entries(own).filter(
    ([name]) => !pristine && (allow.length === 0 || matchesAny(name, allow)) && !matchesAny(name, deny),
  );
  const further = custom.map((text): [string, string] => {
    const at = text.indexOf('=');
    return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
  });
  return Object.fromEntries([...inherited, ...further]);
}

function matchesAny(name: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => wildcard(pattern).test(name));
}

/** A pattern in which `*` stands for any characters. */
export function wildcard(pattern: string): RegExp {
  const source = pattern
    .split('*')
    .map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'))
    .join('.*');
  return new RegExp(`^${source}$`, 's');
}
