import type { Upstream } from '../../net/upstream.js';
import { latin1 } from '../../wire/bytes.js';
import { lowerCaseName, ROOT, type DnsName } from '../../wire/name.js';
import { nameFromText, nameToText } from '../../wire/name-text.js';

/** The upstreams for names at and below a suffix. */
export interface Route {
  /** Lower case. */
  readonly suffix: DnsName;
  /** For example `corp.example`; `.` for all names without another route. */
  readonly text: string;
  /** In the order in which to ask them. Empty: such names are refused. */
  readonly upstreams: readonly Upstream[];
}

export interface Routes {
  /** The default route first. */
  readonly all: readonly Route[];
  /** The route with the longest suffix that matches the name. @param name lower case */
  find(name: DnsName): Route;
}

/**
 * @param defaults for every other name, unless `forward` has an entry for `.`
 * @param forward maps suffixes in presentation format to upstreams
 * @throws Error when a suffix is not a domain name
 */
export function createRoutes(
  defaults: readonly Upstream[],
  forward: ReadonlyMap<string, readonly Upstream[]>,
): Routes {
  const fallback: Route = { suffix: ROOT, text: '.', upstreams: defaults };
  const routes = new Map<string, Route>([[latin1(ROOT), fallback]]);
  for (const [text, upstreams] of forward) {
    const name = nameFromText(text);
    if (name === undefined) {
      throw new Error(
        `dns.forward: "${text}" is not a valid domain name; write a suffix such as corp.example`,
      );
    }
    const suffix = lowerCaseName(name);
    routes.set(latin1(suffix), { suffix, text: nameToText(suffix), upstreams });
  }
  return {
    all: [...routes.values()],
    find(name) {
      const key = latin1(name);
      for (let at = 0; at < name.length - 1; at += (name[at] ?? 0) + 1) {
        const route = routes.get(key.slice(at));
        if (route) return route;
      }
      return routes.get(latin1(ROOT)) ?? fallback;
    },
  };
}
