import { canonicalIp } from '../../net/ip.js';

/** The `nameserver` lines of resolv.conf(5), canonical where they are addresses. */
export function nameserversOf(text: string): readonly string[] {
  return [...text.matchAll(/^nameserver[ \t]+(\S+)/gm)].map(
    ([, server = '']) => canonicalIp(server) ?? server,
  );
}

/** `ndots` among the options of resolv.conf(5). */
export function ndotsOf(options: readonly string[]): number | undefined {
  const found = options.findLast((option) => /^ndots:\d{1,2}$/.test(option));
  return found === undefined ? undefined : Number(found.slice('ndots:'.length));
}

/**
 * The servers that a container asks, from the resolv.conf that Docker wrote for it. On user networks the file names
 * Docker's own resolver, 127.0.0.11. A comment lists the servers behind it: `# ExtServers: [192.0.2.1
 * host(127.0.0.53)]`.
 */
export function containerResolver(text: string): {
  /** Engines before 25 do not write this comment. */
  readonly servers?: readonly string[];
  readonly ndots?: number;
} {
  const options = [...text.matchAll(/^options[ \t]+(.*)$/gm)].flatMap(([, list = '']) => list.split(/\s+/));
  const ndots = ndotsOf(options);
  const asked = nameserversOf(text);
  const behind = /^# ExtServers: \[(.*)\]/m.exec(text)?.[1]?.split(/\s+/);
  const servers = asked.includes('127.0.0.11')
    ? behind?.map((each) => /^host\((.*)\)$/.exec(each)?.[1] ?? each).map((each) => canonicalIp(each) ?? each)
    : asked;
  return { ...(servers === undefined ? {} : { servers }), ...(ndots === undefined ? {} : { ndots }) };
}
