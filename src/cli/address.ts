import { statSync } from 'node:fs';
import type { ApiAddress } from '../api/client.js';
import { CliError, EXIT } from './exit-codes.js';

/** Where a command looks for the daemon. */
export interface DaemonAddress {
  readonly api: ApiAddress;
  /** As in `--addr`. */
  readonly text: string;
}

export interface AddressDefaults {
  readonly env: NodeJS.ProcessEnv;
  /** `os.tmpdir()`. */
  readonly tmpdir: string;
  /** Undefined where the system has no user ids. */
  readonly uid: number | undefined;
  /** The daemon's socket when it runs as a system service. */
  readonly systemSocket?: string;
}

export const SYSTEM_SOCKET = '/run/fairlead/fairlead.sock';

/**
 * The daemon's address: `--addr`, else FAIRLEAD_ADDR, else the first socket that exists: the system's, then that of a
 * daemon that this user started without privileges (`npm start`).
 * @throws CliError when the text is not an address
 */
export function daemonAddress(given: string | undefined, defaults: AddressDefaults): DaemonAddress {
  const { env, tmpdir, uid, systemSocket = SYSTEM_SOCKET } = defaults;
  const text = given ?? (env['FAIRLEAD_ADDR'] || undefined);
  if (text !== undefined) return parseAddress(text, given === undefined ? 'FAIRLEAD_ADDR' : '--addr');
  const own = uid === undefined ? undefined : userSocket(tmpdir, uid);
  const path = own !== undefined && !isSocket(systemSocket) && isSocket(own, uid) ? own : systemSocket;
  return { api: { path }, text: `unix:${path}` };
}

/** Where a daemon without privileges listens. */
export function userSocket(tmpdir: string, uid: number): string {
  return `${tmpdir}/fairlead-${uid}/fairlead.sock`;
}

function parseAddress(text: string, origin: string): DaemonAddress {
  const path = /^(?:unix:)?(\/.+)$/.exec(text.replace(/^unix:\/\//, 'unix:'))?.[1];
  if (path !== undefined) return { api: { path }, text: `unix:${path}` };
  const [, bracketed, plain, port] =
    /^http:\/\/(?:\[([0-9a-f:.]+)\]|([^:/[\]]+)):(\d{1,5})\/?$/i.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host !== undefined && Number(port) >= 1 && Number(port) <= 65535) {
    return { api: { host, port: Number(port) }, text: text.replace(/\/$/, '') };
  }
  throw new CliError(
    EXIT.usage,
    `${origin}: "${text}" is not a valid daemon address; give unix:/path or http://127.0.0.1:port`,
  );
}

/**
 * In a world-writable directory, another user's socket could pass for the daemon's.
 * @param owner the user that must own it
 */
function isSocket(path: string, owner?: number): boolean {
  try {
    const found = statSync(path);
    return found.isSocket() && (owner === undefined || found.uid === owner);
  } catch {
    return false;
  }
}
