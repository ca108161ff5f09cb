import type { Role, SessionJson } from '../types/access-json.js';
import { isWhole, WHOLE, type Scope } from './access-scope.js';

/** Who sends a request, as far as that is known, and what it may do. */
export interface Principal {
  /** `none`: it has to log in first. */
  readonly role: Role | 'none';
  readonly by: SessionJson['by'];
  readonly scope: Scope;
  readonly token?: { readonly id: string; readonly name: string };
  /** Of a browser's session: what it must send with each change. */
  readonly csrf?: string;
  /** When the session or the token ends; milliseconds since the epoch. */
  readonly expiresAt?: number;
}

/** A process that may open the unix socket. */
export const ON_SOCKET: Principal = { role: 'operator', by: 'socket', scope: WHOLE };
/** A process of this host, where tokens are not in use. */
export const ON_LOOPBACK: Principal = { role: 'viewer', by: 'loopback', scope: WHOLE };
export const STRANGER: Principal = { role: 'none', by: 'nothing', scope: WHOLE };

/** Whether it may do what concerns the daemon as a whole. */
export function isUnlimited({ role, scope }: Principal): boolean {
  return role === 'operator' && isWhole(scope);
}

/** For the audit trail: `token deploy (k3f9x2ab)`. */
export function nameOfPrincipal({ by, token }: Principal): string {
  if (token) return `token ${token.name} (${token.id})`;
  return by === 'socket' ? 'the unix socket' : by;
}
