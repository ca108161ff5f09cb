import { readRegistratorKey } from './registrator-keys.js';

/**
 * The registrator keys that apply to one port of a container (gliderlabs/registrator, bridge/util.go,
 * `serviceMetaData`).
 */
export interface RegistratorWords {
  readonly name?: string;
  /**
   * Whether the name came from a key for this port. Then it is used unchanged, even if the container has several ports.
   */
  readonly isNameScoped: boolean;
  readonly id?: string;
  readonly tags: readonly string[];
  /** Any value means "ignore", even `false`. */
  readonly ignored: boolean;
  /** All other keys, in lower case: `region`, `check_http`. */
  readonly attributes: Readonly<Record<string, string>>;
}

const words: readonly string[] = ['NAME', 'ID', 'TAGS', 'IGNORE'];

const NO_WORDS: RegistratorWords = { isNameScoped: false, tags: [], ignored: false, attributes: {} };

/**
 * Reads `SERVICE_*` and `SERVICE_<port>_*`; a key for the port wins over one without.
 * @param labels the labels, plus such variables from the container's environment
 * @param port the container's own port
 */
export function readRegistratorWords(
  labels: Readonly<Record<string, string>>,
  port: number,
): RegistratorWords {
  const general = new Map<string, string>();
  const own = new Map<string, string>();
  for (const [label, text] of Object.entries(labels)) {
    const key = readRegistratorKey(label);
    if (key === undefined || text === '') continue;
    if (key.port === undefined) general.set(key.name, text);
    else if (key.port === port) own.set(key.name, text);
  }
  if (general.size === 0 && own.size === 0) return NO_WORDS;
  const said = new Map([...general, ...own]);
  const name = said.get('NAME');
  const id = said.get('ID');
  return {
    ...(name !== undefined && { name }),
    isNameScoped: own.has('NAME'),
    ...(id !== undefined && { id }),
    tags: splitTags(said.get('TAGS')),
    ignored: said.has('IGNORE'),
    attributes: Object.fromEntries(
      [...said].filter(([key]) => !words.includes(key)).map(([key, text]) => [key.toLowerCase(), text]),
    ),
  };
}

/** The last part of an image's name, without tag and digest; undefined when there is none. */
export function imageName(image: string | undefined): string | undefined {
  const name = /([^/]*)$/.exec(image ?? '')?.[1]?.replace(/[:@].*$/, '');
  return name === '' ? undefined : name;
}

/**
 * What a port is registered as. Several ports of a container are distinguished by their number, except where a key of
 * the very port gives the name.
 * @param standIn the name where no key gives one
 */
export function registeredName(
  words: RegistratorWords,
  port: number,
  hasSeveral: boolean,
  standIn: () => string,
): string {
  const name = words.name ?? standIn();
  return hasSeveral && !words.isNameScoped ? `${name}-${port}` : name;
}

/** Between commas; `\,` is a comma in a tag. Empty ones are left out. */
function splitTags(text: string | undefined): readonly string[] {
  if (text === undefined) return [];
  return text
    .split(/(?<!\\),/)
    .map((tag) => tag.replaceAll('\\,', ',').trim())
    .filter((tag) => tag !== '');
}
