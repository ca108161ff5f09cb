import type { IncomingMessage } from 'node:http';

/** `__Host-` binds a cookie to the one host that set it, over TLS (RFC 6265bis, section 4.1.3). */
const SECURE = '__Host-fairlead';
const PLAIN = 'fairlead';

/** The ids of sessions that a request shows; a browser may have a cookie from before TLS. */
export function cookiesOf({ headers: { cookie = '' } }: IncomingMessage): string[] {
  return cookie.split(';').flatMap((pair) => {
    const [name = '', value = ''] = pair.trim().split('=');
    return (name === SECURE || name === PLAIN) && /^[A-Za-z0-9_-]{43}$/.test(value) ? [value] : [];
  });
}

/** Scripts cannot read it, and no page of others makes a browser send it. */
export function sessionCookie(id: string, isSecure: boolean, ms: number): string {
  return cookie(id, isSecure, Math.floor(ms / 1000));
}

export function clearedCookie(isSecure: boolean): string {
  return cookie('', isSecure, 0);
}

function cookie(value: string, isSecure: boolean, seconds: number): string {
  const name = isSecure ? SECURE : PLAIN;
  return `${name}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}`;
}
