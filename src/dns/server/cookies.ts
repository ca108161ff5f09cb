import { createHmac, randomBytes } from 'node:crypto';
import { ipBytes } from '../../net/ip.js';
import { CLIENT_COOKIE_SIZE, cookieAge, cookieTime, isCookieHash, makeCookie } from '../../wire/cookie.js';

/**
 * What a client's cookie shows.
 * - `new`: the client has no server cookie yet
 * - `valid`: its server cookie is ours and recent, so its address is not forged
 * - `invalid`: its server cookie is someone else's, too old or forged
 */
export type CookieState = 'new' | 'valid' | 'invalid';

export interface CookieAnswer {
  readonly state: CookieState;
  /** The data of the reply's option: 24 bytes, not a view of the query's. */
  readonly data: Uint8Array;
}

export interface ServerCookies {
  /**
   * @param asked the data of the query's option; `isCookieLength` must allow its length
   * @param address canonical
   */
  answer(asked: Uint8Array, address: string): CookieAnswer;
}

export interface ServerCookieOptions {
  /** The source of the secrets, at least 16 bytes; random by default. Workers of one server share it. */
  readonly master?: Uint8Array;
  /** In ms since the epoch. */
  readonly clock?: () => number;
}

/** How long one secret makes cookies, in seconds. RFC 9018 section 5 requires changing it. */
const PERIOD = 86_400;
const SECRET_SIZE = 16;

/**
 * Makes and checks server cookies (RFC 7873, RFC 9018). Each day has its own secret, derived from the master. A cookie
 * is checked with the secret of the time it was made. Yesterday's cookies therefore stay valid for an hour, no timer
 * has to change secrets, and workers with the same master agree without communicating.
 */
export function createServerCookies(options: ServerCookieOptions = {}): ServerCookies {
  const { master = randomBytes(SECRET_SIZE), clock = Date.now } = options;
  const secrets = new Map<number, Uint8Array>();

  /** Only called for times near now, so at most two secrets exist, and older ones are dropped. */
  const secretAt = (time: number): Uint8Array => {
    const period = Math.floor(time / PERIOD);
    const known = secrets.get(period);
    if (known) return known;
    for (const old of secrets.keys()) if (Math.abs(old - period) > 1) secrets.delete(old);
    const secret = createHmac('sha256', master).update(String(period)).digest().subarray(0, SECRET_SIZE);
    secrets.set(period, secret);
    return secret;
  };

  return {
    answer(asked, address) {
      const seconds = Math.floor(clock() / 1000) >>> 0;
      const client = addressBytes(address);
      const fresh = () => makeCookie(secretAt(seconds), asked, seconds, client);
      if (asked.length === CLIENT_COOKIE_SIZE) return { state: 'new', data: fresh() };
      const time = cookieTime(asked);
      const age = time === undefined ? 'expired' : cookieAge(time, seconds);
      if (time === undefined || age === 'expired' || !isCookieHash(secretAt(time), asked, client)) {
        return { state: 'invalid', data: fresh() };
      }
      return { state: 'valid', data: age === 'fresh' ? new Uint8Array(asked) : fresh() };
    },
  };
}

/** Replaces `ipBytes`, which costs more than the rest of a cookie. @param address canonical */
function addressBytes(address: string): Uint8Array {
  if (address.includes(':')) return ipBytes(address);
  const bytes = new Uint8Array(4);
  let at = 0;
  for (let i = 0; i < address.length; i++) {
    const character = address.charCodeAt(i);
    if (character === DOT) at++;
    else bytes[at] = (bytes[at] ?? 0) * 10 + character - ZERO;
  }
  return bytes;
}

const DOT = 0x2e;
const ZERO = 0x30;
