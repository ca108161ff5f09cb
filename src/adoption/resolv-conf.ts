/** The text of a container's /etc/resolv.conf: Docker's, and ours in its place. Pure. */

/** What a text in the form of resolv.conf(5) says. */
export interface ResolvConf {
  readonly nameservers: readonly string[];
  /** The last `search` or `domain` line, as the C libraries read it. */
  readonly search: readonly string[];
  readonly options: readonly string[];
  /** Servers that Docker's resolver forwards to, as Docker 25 and later write them in a comment. */
  readonly external: readonly string[];
}

/** What a container should receive. */
export interface Wanted {
  readonly nameserver: string;
  /** In front of the domains of the original. */
  readonly search: readonly string[];
}

/** Docker's own resolver, inside each container on a user's network. */
export const DOCKER_RESOLVER = '127.0.0.11';

const HEAD = "# This container asks Fairlead. Docker's resolver is asked again after: fairlead release";
/** In front of each line of what Docker had written, so that the file itself has all that a release needs. */
const KEPT = '#|';
/** musl reads lines of 255 characters and leaves a longer one out altogether. */
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

/** `# ExtServers: [192.0.2.1 host(127.0.0.53)]` */
function externalServers(line: string): readonly string[] | undefined {
  const list = /^# ExtServers: \[([^\]]*)\]/.exec(line)?.[1];
  return list?.split(/\s+/).filter((server) => server !== '');
}

/**
 * Our text in place of Docker's: our server alone, our search domains before those of the original, and its options.
 * `ndots:2` takes the place of Docker's own `ndots:0`, so that a stack which is called like a top-level domain is looked
 * for here before its name goes to the Internet; an `ndots` that the user has chosen stays.
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

/** What Docker had written before a text of ours took its place, to the byte; undefined when the text is not ours. */
export function originalOf(text: string): string | undefined {
  if (!text.startsWith(HEAD)) return undefined;
  const kept = text.split('\n').filter((line) => line.startsWith(KEPT));
  return kept.length === 0 ? undefined : kept.map((line) => line.slice(KEPT.length)).join('\n');
}
