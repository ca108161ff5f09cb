import type { Docker } from './docker.js';

/** What the resolvers in one container say about one name: sorted addresses, empty when there is none. */
export interface Answers {
  /** glibc: `getent ahosts` (getaddrinfo for both families). */
  readonly glibc: readonly string[];
  /** musl: getaddrinfo for both families. */
  readonly musl: readonly string[];
  /** The address that iputils' ping (glibc) sends to, and whether it was answered. */
  readonly ping: Ping;
  /** The same of busybox' ping. */
  readonly busyboxPing: Ping;
  /** busybox' nslookup, which speaks DNS by itself. */
  readonly nslookup: readonly string[];
}

interface Ping {
  readonly address: string | undefined;
  readonly answered: boolean;
}

const script = `
for name in "$@"; do
  echo "## glibc $name"; getent ahosts "$name"
  echo "## musl $name"; resolve "$name"
  echo "## ping $name"; /usr/bin/ping -c 1 -W 1 "$name" 2>&1
  echo "## busyboxPing $name"; busybox ping -c 1 -W 1 "$name" 2>&1
  echo "## nslookup $name"; busybox nslookup "$name" 2>&1
done
exit 0
`;

/** Asks every resolver in a container of the `tools` image for every name, in one `docker exec`. */
export async function askAll(
  docker: Docker,
  container: string,
  names: readonly string[],
): Promise<ReadonlyMap<string, Answers>> {
  const { stdout, stderr, code } = await docker.exec(container, '/bin/sh', '-c', script, 'ask', ...names);
  if (code !== 0) throw new Error(`asking in ${container}: exit ${code}: ${stderr}`);
  const parts = new Map<string, string>();
  for (const part of stdout.split(/^## /m).slice(1)) {
    const end = part.indexOf('\n');
    parts.set(part.slice(0, end), part.slice(end + 1));
  }
  const said = (who: keyof Answers, name: string): string => parts.get(`${who} ${name}`) ?? '';
  return new Map(
    names.map((name) => [
      name,
      {
        glibc: unique(said('glibc', name).matchAll(/^(\S+)\s+STREAM/gm)),
        musl: unique(said('musl', name).matchAll(/ (?!!)([0-9a-f.:]+)(?=\s)/g)),
        ping: pingOf(said('ping', name)),
        busyboxPing: pingOf(said('busyboxPing', name)),
        nslookup: unique(afterHeader(said('nslookup', name)).matchAll(/^Address(?: \d+)?: (\S+)/gm)),
      },
    ]),
  );
}

/** One name, glibc only: the cheapest way to look again and again. */
export async function askGlibc(docker: Docker, container: string, name: string): Promise<readonly string[]> {
  const { stdout } = await docker.exec(container, 'getent', 'ahosts', name);
  return unique(stdout.matchAll(/^(\S+)\s+STREAM/gm));
}

const unique = (matches: Iterable<RegExpMatchArray>): string[] =>
  [...new Set([...matches].flatMap((match) => match[1] ?? []))].sort();

function pingOf(text: string): Ping {
  return { address: /^PING [^(]*\(([^)]+)\)/m.exec(text)?.[1], answered: / 0% packet loss/.test(text) };
}

/** nslookup tells the server's own address first. */
const afterHeader = (text: string): string => text.slice(text.indexOf('\n\n') + 1);
