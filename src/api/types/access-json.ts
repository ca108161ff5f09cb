import type { Timestamp } from './references.js';

/** Who may do what, as the API shows it (docs/access.md). */

/** `viewer` reads; `operator` also drains, checks and reloads. */
export const ROLES = ['viewer', 'operator'] as const;
/** Names of tokens are for people, who see them in tables and logs. */
export const TOKEN_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

export type Role = (typeof ROLES)[number];

/** What a token is limited to; what is absent limits nothing. */
interface LimitsJson {
  readonly environments?: readonly string[];
  readonly stacks?: readonly string[];
}

/** `GET /v1/session`: what the client may do. */
export interface SessionJson extends LimitsJson {
  /** `none`: it has to log in first. */
  readonly role: Role | 'none';
  /**
   * How the client is known.
   * - `socket`: it may open the unix socket
   * - `loopback`: it is on this host, and tokens are not in use
   * - `token`: it has sent a token with the request
   * - `session`: it has logged in, as browsers do
   * - `nothing`: it is not known
   */
  readonly by: 'socket' | 'loopback' | 'token' | 'session' | 'nothing';
  /** The name of the token. */
  readonly name?: string;
  /** Whether clients over TCP have to log in. */
  readonly login: boolean;
  /** Of a session: the value of the header `x-fairlead-csrf`, which every change must have. */
  readonly csrf?: string;
  /** When the session or the token ends. */
  readonly expiresAt?: Timestamp;
}

/** A token, without its secret. */
export interface TokenJson extends LimitsJson {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly createdAt: Timestamp;
  /** When it ends by itself; absent: when it is revoked. */
  readonly expiresAt?: Timestamp;
  /** When it was last used since the daemon was started. */
  readonly usedAt?: Timestamp;
}

/** `GET /v1/tokens`. */
export interface TokenListJson {
  /** The daemon's time when it answered. */
  readonly now: Timestamp;
  readonly tokens: readonly TokenJson[];
}

/** `POST /v1/tokens`. */
export interface NewTokenJson extends TokenJson {
  /** The token itself. It is not stored, so this is the only time that it is shown. */
  readonly token: string;
}
