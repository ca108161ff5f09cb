import { createHmac } from 'node:crypto';
import { equalBytes } from '../../wire/bytes.js';
import { EDNS_OPTION } from '../../wire/constants.js';
import { findOption, type EdnsOption } from '../../wire/edns.js';
import type { Message } from '../../wire/message.js';

const CLIENT_SIZE = 8;
/** RFC 7873 section 4: 8 to 32 bytes. */
const MIN_SERVER_SIZE = 8;
const MAX_SERVER_SIZE = 32;

/** The client cookie for an upstream: 8 bytes that only the holder of the key can compute (RFC 9018 section 3). */
export function clientCookie(key: Uint8Array, upstream: string): Uint8Array {
  return createHmac('sha256', key).update(upstream).digest().subarray(0, CLIENT_SIZE);
}

/**
 * DNS cookies on the client side (RFC 7873 section 5.3). Once an upstream has shown that it supports cookies, a UDP
 * reply without our client cookie is not its own.
 */
export class UpstreamCookie {
  readonly #client: Uint8Array;
  #server: Uint8Array | undefined;

  /** @param client see {@link clientCookie} */
  constructor(client: Uint8Array) {
    this.#client = client;
  }

  /** The option for the next query. */
  get option(): EdnsOption {
    const data = this.#server ? Buffer.concat([this.#client, this.#server]) : this.#client;
    return { code: EDNS_OPTION.COOKIE, data };
  }

  /** Checks a UDP reply to a query with our cookie, and learns from it. @returns false for a forgery */
  accepts(reply: Message): boolean {
    const data = findOption(reply.edns, EDNS_OPTION.COOKIE);
    if (data === undefined) return this.#server === undefined;
    const server = data.subarray(CLIENT_SIZE);
    if (!equalBytes(data.subarray(0, CLIENT_SIZE), this.#client)) return false;
    if (server.length < MIN_SERVER_SIZE || server.length > MAX_SERVER_SIZE) return this.#server === undefined;
    this.#server = new Uint8Array(server);
    return true;
  }

  /** Learns from a TCP reply, which no other host can have sent. The upstream may have stopped using cookies. */
  learn(reply: Message): void {
    if (!this.accepts(reply)) this.#server = undefined;
  }
}
