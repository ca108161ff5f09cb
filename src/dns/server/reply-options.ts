import { isCookieLength } from '../../wire/cookie.js';
import { EDNS_OPTION } from '../../wire/constants.js';
import type { Edns, EdnsOption } from '../../wire/edns.js';
import type { CookieState, ServerCookies } from './cookies.js';

/** The result of a query's options. */
export interface ReplyOptions {
  /** Options for the OPT of the reply. */
  readonly options: readonly EdnsOption[];
  /** Undefined if there is no COOKIE option, or one of an invalid length. */
  readonly cookie?: CookieState;
}

export interface ReplyOptionsContext {
  readonly cookies: ServerCookies;
  /** The data of the NSID option (RFC 5001). If undefined, NSID is not answered. */
  readonly nsid?: Uint8Array | undefined;
}

/** The properties of the client on which options depend. */
interface Asker {
  /** Canonical. */
  readonly address: string;
  /** Over TCP: how long the connection may be idle, in ms. */
  readonly idleTime?: (() => number) | undefined;
}

const NOTHING: ReplyOptions = { options: [] };

/**
 * Answers COOKIE (RFC 7873), NSID if it is configured, and over TCP edns-tcp-keepalive (RFC 7828 section 3.3.2). If an
 * option occurs several times, the first counts (RFC 7873 section 5.2). All others are ignored and not returned (RFC
 * 6891 section 6.1.2). In another EDNS version, options may mean anything.
 */
export function answerOptions(
  edns: Edns | undefined,
  { address, idleTime }: Asker,
  { cookies, nsid }: ReplyOptionsContext,
): ReplyOptions {
  if (edns === undefined || edns.options.length === 0 || edns.version !== 0) return NOTHING;
  const options: EdnsOption[] = [];
  let cookie: CookieState | undefined;
  let seen = 0;
  for (const { code, data } of edns.options) {
    const bit = code < 31 ? 1 << code : 0;
    if (bit === 0 || (seen & bit) !== 0) continue;
    seen |= bit;
    if (code === EDNS_OPTION.COOKIE && isCookieLength(data.length)) {
      const answer = cookies.answer(data, address);
      cookie = answer.state;
      options.push({ code, data: answer.data });
    } else if (code === EDNS_OPTION.NSID && nsid !== undefined) {
      options.push({ code, data: nsid });
    } else if (code === EDNS_OPTION.TCP_KEEPALIVE && idleTime !== undefined && data.length === 0) {
      options.push({ code, data: keepalive(idleTime()) });
    }
  }
  if (cookie !== undefined) return { options, cookie };
  return options.length === 0 ? NOTHING : { options };
}

/** In units of 100 ms (RFC 7828 section 3.1). */
function keepalive(ms: number): Uint8Array {
  const data = Buffer.alloc(2);
  data.writeUInt16BE(Math.min(Math.max(Math.floor(ms / 100), 0), 0xffff));
  return data;
}

/** A longer name would not fit into the smallest reply. */
const MAX_NSID = 128;

/**
 * The bytes of a server's name for NSID, in UTF-8. @throws Error with one line when there are too many bytes, or none
 */
export function nsidOf(text: string): Uint8Array {
  const data = Buffer.from(text, 'utf8');
  if (data.length > 0 && data.length <= MAX_NSID) return data;
  throw new Error(
    `dns.nsid has ${data.length} bytes, but it must have 1 to ${MAX_NSID}; ` +
      `shorten the name, or remove dns.nsid`,
  );
}
