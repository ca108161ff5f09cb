import { formatHostPort, parseHostPort, type HostPort } from './ip.js';

/** A DNS server to ask, over UDP and TCP (RFC 1035) or only over TLS (RFC 7858). */
export interface Upstream extends HostPort {
  readonly tls?: {
    /** The name that the certificate must contain. If undefined, the certificate must contain the address. */
    readonly name?: string;
  };
}

const PORT = { plain: 53, tls: 853 };

/**
 * Parses `ip`, `ip:port` (RFC 1035) and `tls://ip[:port][#name]` (RFC 7858, in the form used by CoreDNS, Knot Resolver
 * and systemd-resolved).
 * @returns undefined if the text is not such a server
 */
export function parseUpstream(text: string): Upstream | undefined {
  const match = /^tls:\/\/([^#]+)(?:#([a-z0-9._-]+))?$/i.exec(text);
  if (!match) return withPort(parseHostPort(text, PORT.plain));
  const [, address = '', name] = match;
  const hostPort = withPort(parseHostPort(address, PORT.tls));
  return hostPort && { ...hostPort, tls: name === undefined ? {} : { name: name.toLowerCase() } };
}

/** Nothing can be sent to port 0. */
function withPort(address: HostPort | undefined): HostPort | undefined {
  return address?.port === 0 ? undefined : address;
}

/** The text that {@link parseUpstream} reads as this server. It always contains the port. */
export function formatUpstream(upstream: Upstream): string {
  const address = formatHostPort(upstream);
  if (!upstream.tls) return address;
  return `tls://${address}${upstream.tls.name === undefined ? '' : `#${upstream.tls.name}`}`;
}
