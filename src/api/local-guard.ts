import type { IncomingMessage } from 'node:http';
import { canonicalIp, isLoopback } from '../net/ip.js';
import type { FaceClient, FaceContext } from './http-face.js';
import { ApiProblem } from './problem.js';

/**
 * Keeps web pages out. A page can make a browser on this host send requests to loopback. With DNS rebinding it can even
 * read the answers. The headers `Host` (the page's own name) and `Origin` give it away. A browser cannot open a unix
 * socket, but an `Origin` on one still means that a page uses some tunnel.
 *
 * Accepts changes only over the unix socket, which only its owner and group may open. Over TCP any process of the host
 * could connect, and cannot be identified.
 * @throws ApiProblem `host-not-allowed`, `origin-not-allowed`, `socket-only` (403)
 */
export function localGuard(
  request: IncomingMessage,
  { transport }: FaceClient,
  { listening }: Pick<FaceContext, 'listening'>,
): void {
  const { host, origin } = request.headers;
  if (transport === 'tcp' && !isLocalHost(host)) {
    throw new ApiProblem(
      403,
      'host-not-allowed',
      'the Host header does not name a loopback address; ask for localhost or 127.0.0.1',
    );
  }
  if (origin !== undefined && !isLocalOrigin(origin)) {
    throw new ApiProblem(
      403,
      'origin-not-allowed',
      'the request comes from a web page of another origin; open the page from localhost',
    );
  }
  if (transport === 'tcp' && request.method !== 'GET' && request.method !== 'HEAD') {
    const socket = listening().find((address) => address.startsWith('unix:'));
    const remedy =
      socket === undefined
        ? 'list a unix:/path under api.listen, and use that socket'
        : `send it to ${socket}`;
    throw new ApiProblem(403, 'socket-only', `changes are accepted only over the unix socket; ${remedy}`);
  }
}

/** Whether a `Host` header (`name[:port]`) names this host's loopback. */
function isLocalHost(host: string | undefined): boolean {
  const name = /^(\[[^\]]+\]|[^:]+)(?::\d{1,5})?$/.exec(host ?? '')?.[1];
  return name !== undefined && isLocalName(name);
}

function isLocalOrigin(origin: string): boolean {
  const name = /^https?:\/\/([^/]+)$/.exec(origin)?.[1];
  return name !== undefined && isLocalHost(name);
}

function isLocalName(name: string): boolean {
  if (name.toLowerCase() === 'localhost') return true;
  const ip = canonicalIp(name.startsWith('[') ? name.slice(1, -1) : name);
  return ip !== undefined && isLoopback(ip);
}
