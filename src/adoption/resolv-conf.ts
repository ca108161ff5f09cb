/** The text of a container's /etc/resolv.conf: Docker's text, and ours to replace it. Pure functions. */

/** The content of a text in the form of resolv.conf(5). */
export interface ResolvConf {
  readonly nameservers: readonly string[];
  /** The last `search` or `domain` line, which is the one that the C libraries use. */
  readonly search: readonly string[];
  readonly options: readonly string[];
  /** Servers to which Docker's resolver forwards. Docker 25 and later list them in a comment. */
  readonly external: readonly string[];
}

/** What a container's file should contain. */
export interface Wanted {
  readonly nameserver: string;
  /** Placed before the original search domains. */
  readonly search: readonly string[];
}

/** Docker's own resolver inside each container on a user-defined network. */
export const DOCKER_RESOLVER = '127.0.0.11';

const HEAD = "# This container asks Fairlead. Docker's resolver is asked again after: fairlead release";
/** Precedes each line of Docker's text, so that the file itself contains everything needed for a release. */
const KEPT = '#|';
/** musl reads lines of up to 255 characters and ignores longer ones completely. */
const LONGEST_LINE = 250;

export function parseResolvConf(text: string): ResolvConf {
  const nameservers: string[] = [];
  const options: string[] = [];
  let search: readonly string[] = [];
  let external: readonly string[] = [];
  for (const line of text.split('\n')) {
    const [word = '', ...rest] = line.trim().split(/\s+/);
    if (word === 'nameserver' && rest[0] !== undefined) nameservers.push(rest[0]);
    else if (word === 'search' || word === 'domain') search = rest;
    else if (word === 'options') options.push(...rest);
    else external = externalServers(line) ?? external;
  }
  return { nameservers, search, options, external };
}

/** Reads `# ExtServers: [192.0.2.1 host(127.0.0.53)]`. */
function externalServers(line: string): readonly string[] | undefined {
  const list = /^# ExtServers: \[([^\]]*)\]/.exec(line)?.[1];
  return list?.split(/\s+/).filter((server) => server !== '');
}

/**
 * Our replacement for Docker's text: our server only, our search domains before the original ones, and the original
 * options. `ndots:2` replaces Docker's own `ndots:0`, so that a stack named like a top-level domain is looked up here
 * before its name goes to the Internet. An `ndots` set by the user stays.
 */
export function adoptedText(original: string, { nameserver, search }: Wanted): string {
  const theirs = parseResolvConf(original);
  const domains = new Set([...search, ...theirs.search.filter((domain) => domain !== '.')]);
  const options = theirs.options.filter((option) => option !== 'ndots:0');
  if (!options.some((option) => option.startsWith('ndots:'))) options.unshift('ndots:2');
  return [
    HEAD,
    searchLine([...domains]),
    `nameserver ${nameserver}`,
    `options ${options.join(' ')}`,
    '# What Docker had written:',
    ...original.split('\n').map((line) => `${KEPT}${line}`),
    '',
  ].join('\n');
}

function searchLine(domains: readonly string[]): string {
  let line = 'search';
  for (const domain of domains) {
    if (line.length + 1 + domain.length > LONGEST_LINE) break;
    line += ` ${domain}`;
  }
  return line;
}

/** Docker's text before ours replaced it, byte for byte. Undefined if the text is not ours. */
export function originalOf(text: string): string | undefined {
  if (!text.startsWith(HEAD)) return undefined;
  const kept = text.split('\n').filter((line) => line.startsWith(KEPT));
  return kept.length === 0 ? undefined : kept.map((line) => line.slice(KEPT.length)).join('\n');
}
