import type { X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { canonicalIp, isLoopback } from '../../net/ip.js';
import { ApiProblem } from '../problem.js';

export interface OriginRules {
  /** `open`: every client that reaches the address may ask, as on loopback; `login`: only those that are known. */
  readonly mode: 'open' | 'login';
  /** Names and addresses by which clients may ask for the daemon, besides those of loopback; lower case. */
  readonly hosts: readonly string[];
  /** The certificate says by which names clients may ask, too. */
  readonly certificate: X509Certificate | undefined;
}

/**
 * Keeps web pages of others out. A page can make a browser send requests to any address. With DNS rebinding it can even
 * read the answers. The headers `Host` (the name that the page has) and `Origin` give it away.
 * @throws ApiProblem `host-not-allowed`, `origin-not-allowed` (403)
 */
export function checkOrigin(request: IncomingMessage, transport: 'unix' | 'tcp', rules: OriginRules): void {
  const { host, origin } = request.headers;
  if (transport === 'tcp' && !isOwnHost(request, rules)) {
    const detail =
      rules.mode === 'open'
        ? 'the Host header does not name a loopback address; ask for localhost or 127.0.0.1'
        : 'the Host header does not name this daemon; ask for a name of its certificate, or add the name to api.hosts';
    throw new ApiProblem(403, 'host-not-allowed', detail);
  }
  if (origin === undefined) return;
  // A browser cannot open a unix socket, but an origin on one still means that a page uses some tunnel.
  const isOwn =
    transport === 'tcp' && rules.mode === 'login'
      ? isSameOrigin(origin, host ?? '', rules)
      : isLocalOrigin(origin);
  if (isOwn) return;
  const remedy = rules.mode === 'open' ? 'open the page from localhost' : 'open the daemon’s own page';
  throw new ApiProblem(
    403,
    'origin-not-allowed',
    `the request comes from a web page of another origin; ${remedy}`,
  );
}

function isOwnHost(request: IncomingMessage, { mode, hosts, certificate }: OriginRules): boolean {
  const name = nameOfHost(request.headers.host);
  if (name === undefined) return false;
  if (isLocalName(name)) return true;
  if (mode === 'open') return false;
  const ip = canonicalIp(withoutBrackets(name));
  if (hosts.includes(ip ?? name)) return true;
  // An address cannot be rebound: its page is what is served there.
  if (ip !== undefined)
    return ip === canonicalIp(request.socket.localAddress ?? '') || certificate?.checkIP(ip) !== undefined;
  return certificate?.checkHost(name) !== undefined;
}

/** A page of the daemon's own has the very name that the client asks for, and the port. */
function isSameOrigin(origin: string, host: string, { certificate }: OriginRules): boolean {
  const [, scheme = '', authority = ''] = /^(https?):\/\/([^/]+)$/.exec(origin.toLowerCase()) ?? [];
  if (authority === '' || (certificate !== undefined && scheme !== 'https')) return false;
  const port = scheme === 'https' ? ':443' : ':80';
  const full = (text: string): string => (/:\d+$/.test(text) ? text : `${text}${port}`);
  return full(authority) === full(host.toLowerCase());
}

function isLocalOrigin(origin: string): boolean {
  const authority = /^https?:\/\/([^/]+)$/.exec(origin)?.[1];
  const name = nameOfHost(authority);
  return name !== undefined && isLocalName(name);
}

/** The name in a `Host` header (`name[:port]`), in lower case. */
function nameOfHost(host: string | undefined): string | undefined {
  return /^(\[[^\]]+\]|[^:]+)(?::\d{1,5})?$/.exec(host ?? '')?.[1]?.toLowerCase();
}

function isLocalName(name: string): boolean {
  if (name === 'localhost') return true;
  const ip = canonicalIp(withoutBrackets(name));
  return ip !== undefined && isLoopback(ip);
}

function withoutBrackets(name: string): string {
  return name.startsWith('[') ? name.slice(1, -1) : name;
}
