import { readU32, readU8 } from './bytes.js';
import { sipHash24 } from './siphash.js';

/** Octets of a client cookie (RFC 7873 section 4). */
export const CLIENT_COOKIE_SIZE = 8;
/** Octets of a client cookie followed by a server cookie of RFC 9018. */
export const FULL_COOKIE_SIZE = 24;

const VERSION = 1;
const TIMESTAMP_AT = 12;
const HASH_AT = 16;

/** How far a server cookie's time may be in the past, in seconds (RFC 9018 section 4.3). */
const MAX_AGE = 3600;
const MAX_AHEAD = 300;
/** From this age on, the client gets a new cookie. */
const RENEWAL_AGE = 1800;

/** Whether a COOKIE option may have this length: 8 octets, or 16 to 40 (RFC 7873 section 5.2.2). */
export function isCookieLength(length: number): boolean {
  return length === CLIENT_COOKIE_SIZE || (length >= 16 && length <= 40);
}

/**
 * The data of a COOKIE option for a client: its own eight octets, followed by the interoperable server cookie of RFC
 * 9018 section 4. That consists of version 1, three reserved bytes, the time, and SipHash-2-4 over all of it and the
 * client's address.
 * @param secret 16 bytes
 * @param asked the data of the client's option, 8 bytes or more
 * @param seconds since the epoch
 * @param address of the client, 4 or 16 bytes
 */
export function makeCookie(
  secret: Uint8Array,
  asked: Uint8Array,
  seconds: number,
  address: Uint8Array,
): Uint8Array {
  const cookie = Buffer.alloc(FULL_COOKIE_SIZE);
  cookie.set(asked.subarray(0, CLIENT_COOKIE_SIZE));
  cookie[CLIENT_COOKIE_SIZE] = VERSION;
  cookie.writeUInt32BE(seconds >>> 0, TIMESTAMP_AT);
  cookie.set(hashOf(secret, cookie, address), HASH_AT);
  return cookie;
}

/** The time of a complete cookie of version 1, in seconds modulo 2^32. Undefined for any other cookie. */
export function cookieTime(cookie: Uint8Array): number | undefined {
  if (cookie.length !== FULL_COOKIE_SIZE || readU8(cookie, CLIENT_COOKIE_SIZE) !== VERSION) return undefined;
  return readU32(cookie, TIMESTAMP_AT);
}

/**
 * The age of a cookie: `expired` is older than an hour or more than five minutes in the future, `renew` is older than
 * half an hour. Uses serial number arithmetic (RFC 1982), so that it keeps working when 32 bits overflow.
 */
export function cookieAge(time: number, seconds: number): 'fresh' | 'renew' | 'expired' {
  const age = (seconds - time) | 0;
  if (age > MAX_AGE || age < -MAX_AHEAD) return 'expired';
  return age > RENEWAL_AGE ? 'renew' : 'fresh';
}

/** Whether we made the hash of a complete cookie. The comparison takes constant time. */
export function isCookieHash(secret: Uint8Array, cookie: Uint8Array, address: Uint8Array): boolean {
  const hash = hashOf(secret, cookie, address);
  let difference = 0;
  for (const [i, octet] of hash.entries()) difference |= octet ^ readU8(cookie, HASH_AT + i);
  return difference === 0;
}

function hashOf(secret: Uint8Array, cookie: Uint8Array, address: Uint8Array): Uint8Array {
  const input = new Uint8Array(HASH_AT + address.length);
  input.set(cookie.subarray(0, HASH_AT));
  input.set(address, HASH_AT);
  return sipHash24(secret, input);
}
