/**
 * A table of nft(8) as it should be. It is made of parts, which have nothing in common but may refer to each other: a
 * change costs as much as the parts that are other values than before.
 */
export interface NftTable {
  readonly family: 'ip' | 'ip6';
  readonly name: string;
  readonly parts: ReadonlyMap<string, NftPart>;
}

/** The family of the tables for an address or CIDR. */
export function familyOf(address: string): NftTable['family'] {
  return address.includes(':') ? 'ip6' : 'ip';
}

export interface NftPart {
  /** By name. A set that changes needs another name. */
  readonly sets?: ReadonlyMap<string, NftSet>;
  /** By set: the elements of this part, with their values; '' in a set that is not a map. */
  readonly members?: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** By name. A first line that begins with `type` makes it a base chain; the other lines are rules. */
  readonly chains?: ReadonlyMap<string, readonly string[]>;
}

export interface NftSet {
  readonly kind: 'set' | 'map';
  /** `type mark`, `flags interval`, ... */
  readonly statements: readonly string[];
}

/** Elements that a table gets and loses. */
export interface ElementChanges {
  readonly removed: readonly (readonly [set: string, keys: readonly string[] | 'all'])[];
  readonly added: readonly (readonly [set: string, elements: readonly Element[]])[];
}

/** `''` in a set that is not a map. */
type Element = readonly [key: string, value: string];

/** How one state of a table becomes another. */
export interface NftChanges {
  /** One transaction. Empty: there is nothing to do. */
  readonly commands: readonly string[];
  /** The same, if it is about elements alone. */
  readonly elements?: ElementChanges;
  /**
   * Chains and sets that are not used any more. Kernels before 6.2 do not let go of a chain in the transaction that
   * removes the last reference to it.
   */
  readonly unused: NftNames;
}

/** Names of what a table has. */
export interface NftNames {
  readonly chains: readonly string[];
  readonly sets: readonly (readonly [kind: NftSet['kind'], name: string])[];
}

/** Removes a table. One that is missing cannot be deleted, so it is added first. */
export function emptied({ family, name }: { family: NftTable['family'] | 'inet'; name: string }): string {
  return `add table ${family} ${name}\ndelete table ${family} ${name}\n`;
}

/** The script that replaces the whole table in one transaction. */
export function wholeTable(table: NftTable): string {
  const { family, name } = table;
  const sets = merged(table, ({ sets: each }) => each);
  const chains = merged(table, ({ chains: each }) => each);
  const members = new Map<string, string[]>();
  for (const part of table.parts.values())
    for (const [set, each] of part.members ?? []) {
      const all = members.get(set) ?? [];
      for (const [key, value] of each) all.push(elementText(key, value));
      members.set(set, all);
    }
  const setTexts = Array.from(sets, ([set, { kind, statements }]) => {
    const elements = members.get(set) ?? [];
    const lines = elements.length > 0 ? [...statements, `elements = { ${elements.join(', ')} }`] : statements;
    return block(`${kind} ${set}`, lines);
  });
  const chainTexts = Array.from(chains, ([chain, lines]) => block(`chain ${chain}`, lines));
  return `${emptied(table)}table ${family} ${name} {\n${[...setTexts, ...chainTexts].join('')}}\n`;
}

/** The parts that one state of a table has and another one has not. */
export interface NftDifference {
  readonly gone: readonly NftPart[];
  readonly come: readonly NftPart[];
}

export function differenceOf(before: NftTable, after: NftTable): NftDifference {
  const gone: NftPart[] = [];
  const come: NftPart[] = [];
  for (const [name, part] of before.parts) if (after.parts.get(name) !== part) gone.push(part);
  for (const [name, part] of after.parts) if (before.parts.get(name) !== part) come.push(part);
  return { gone, come };
}

/** What makes a table another state of itself. @param after as it is to be */
export function changesOf({ gone, come }: NftDifference, after: NftTable): NftChanges {
  const table = `${after.family} ${after.name}`;
  const [oldSets, newSets] = [all(gone, (part) => part.sets), all(come, (part) => part.sets)];
  const [oldChains, newChains] = [all(gone, (part) => part.chains), all(come, (part) => part.chains)];
  const elements = elementChanges(gone, come, (set) => isInterval(after, set));
  const defined: string[] = [];
  const flushed: string[] = [];
  const ruled: string[] = [];
  for (const [set, { kind, statements }] of newSets)
    if (!oldSets.has(set)) defined.push(`add ${kind} ${table} ${set} { ${statements.join('; ')}; }`);
  for (const [chain, lines] of newChains) {
    const old = oldChains.get(chain);
    if (old && isSame(old, lines)) continue;
    const [hook, rules] = split(lines);
    if (old) flushed.push(`flush chain ${table} ${chain}`);
    else defined.push(`add chain ${table} ${chain}${hook === undefined ? '' : ` { ${hook}; }`}`);
    for (const rule of rules) ruled.push(`add rule ${table} ${chain} ${rule}`);
  }
  const chains = [...oldChains.keys()].filter((chain) => !newChains.has(chain));
  for (const chain of chains) flushed.push(`flush chain ${table} ${chain}`);
  const sets = [...oldSets].filter(([set]) => !newSets.has(set));
  const isElementsOnly = defined.length + flushed.length + ruled.length + sets.length === 0;
  return {
    commands: [...defined, ...removals(table, elements), ...flushed, ...ruled, ...additions(table, elements)],
    ...(isElementsOnly && { elements }),
    unused: { chains, sets: sets.map(([set, { kind }]) => [kind, set]) },
  };
}

/** The set of this name. */
export function setOf({ parts }: NftTable, name: string): NftSet | undefined {
  for (const part of parts.values()) {
    const set = part.sets?.get(name);
    if (set) return set;
  }
  return undefined;
}

/** The commands that delete what is not used any more. */
export function removalOf({ family, name }: Pick<NftTable, 'family' | 'name'>, unused: NftNames): string[] {
  return [
    ...unused.chains.map((chain) => `delete chain ${family} ${name} ${chain}`),
    ...unused.sets.map(([kind, set]) => `delete ${kind} ${family} ${name} ${set}`),
  ];
}

/** Whether a table has a chain or a set of this name. */
export function hasName(table: NftTable, kind: 'chains' | 'sets', name: string): boolean {
  for (const part of table.parts.values()) if (part[kind]?.has(name)) return true;
  return false;
}

/** An interface name, quoted because nft might give its characters a meaning. */
export function quoted(name: string): string {
  return `"${name.replace(/["\\\s*]/g, '_')}"`;
}

function elementChanges(
  gone: readonly NftPart[],
  come: readonly NftPart[],
  isWhole: (set: string) => boolean,
): ElementChanges {
  const [before, after] = [membersOf(gone), membersOf(come)];
  const removed: [set: string, keys: readonly string[] | 'all'][] = [];
  const added: [set: string, elements: readonly Element[]][] = [];
  for (const set of new Set([...before.keys(), ...after.keys()])) {
    const [old = NONE, now = NONE] = [before.get(set), after.get(set)];
    const keys = Array.from(old.keys()).filter((key) => now.get(key) !== old.get(key));
    const elements = Array.from(now).filter(([key, value]) => old.get(key) !== value);
    if (keys.length + elements.length === 0) continue;
    // Ranges that were merged cannot be taken out one by one. All of them are of one part.
    const whole = isWhole(set);
    if (whole || keys.length > 0) removed.push([set, whole ? 'all' : keys]);
    const all = whole ? [...now] : elements;
    if (all.length > 0) added.push([set, all]);
  }
  return { removed, added };
}

function removals(table: string, { removed }: ElementChanges): string[] {
  return removed.map(([set, keys]) =>
    keys === 'all' ? `flush set ${table} ${set}` : `delete element ${table} ${set} { ${keys.join(', ')} }`,
  );
}

function additions(table: string, { added }: ElementChanges): string[] {
  return added.map(([set, elements]) => {
    const texts = elements.map(([key, value]) => elementText(key, value));
    return `add element ${table} ${set} { ${texts.join(', ')} }`;
  });
}

const NONE: ReadonlyMap<string, string> = new Map();

function membersOf(parts: readonly NftPart[]): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const members = new Map<string, Map<string, string>>();
  for (const part of parts)
    for (const [set, each] of part.members ?? []) {
      const known = members.get(set) ?? new Map<string, string>();
      for (const [key, value] of each) known.set(key, value);
      members.set(set, known);
    }
  return members;
}

function isInterval(table: NftTable, name: string): boolean {
  return setOf(table, name)?.statements.includes('flags interval') === true;
}

function all<T>(
  parts: readonly NftPart[],
  of: (part: NftPart) => ReadonlyMap<string, T> | undefined,
): Map<string, T> {
  return new Map(parts.flatMap((part) => [...(of(part) ?? [])]));
}

function merged<T>(
  { parts }: NftTable,
  of: (part: NftPart) => ReadonlyMap<string, T> | undefined,
): Map<string, T> {
  return all([...parts.values()], of);
}

function split(lines: readonly string[]): readonly [hook: string | undefined, rules: readonly string[]] {
  const [first, ...rest] = lines;
  return first?.startsWith('type ') ? [first, rest] : [undefined, lines];
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((line, at) => line === other[at]);
}

function elementText(key: string, value: string): string {
  return value === '' ? key : `${key} : ${value}`;
}

function block(head: string, lines: readonly string[]): string {
  return `  ${head} {\n${lines.map((line) => `    ${line}\n`).join('')}  }\n`;
}
