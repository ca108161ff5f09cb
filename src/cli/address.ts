import { readFileSync, statSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import type { ApiAddress, TcpAddress } from '../api/client.js';
import { CliError, EXIT } from './exit-codes.js';
import { errorMessage } from '../net/error-message.js';

/** Where a command looks for the daemon. */
export interface DaemonAddress {
  readonly api: ApiAddress;
  /** As in `--addr`. */
  readonly text: string;
}

/** What the command line says of the daemon. */
export interface AddressFlags {
  readonly addr?: string | undefined;
  readonly token?: string | undefined;
  readonly ca?: string | undefined;
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
 * daemon that this user started without privileges (`npm start`). A token is for addresses only: over a socket none is
 * needed.
 * @throws CliError when the text is not an address, or the certificates cannot be read
 */
export function daemonAddress({ addr, token, ca }: AddressFlags, defaults: AddressDefaults): DaemonAddress {
  const { env, tmpdir, uid, systemSocket = SYSTEM_SOCKET } = defaults;
  const text = addr ?? (env['FAIRLEAD_ADDR'] || undefined);
  if (text !== undefined) {
    const found = parseAddress(text, addr === undefined ? 'FAIRLEAD_ADDR' : '--addr');
    if ('path' in found.api) return found;
    const flags = {
      token: token ?? (env['FAIRLEAD_TOKEN'] || undefined),
      ca: ca ?? (env['FAIRLEAD_CA'] || undefined),
    };
    return { ...found, api: withAccess(found.api, flags, found.text) };
  }
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
  const [, scheme = '', bracketed, plain, given] =
    /^(https?):\/\/(?:\[([0-9a-f:.]+)\]|([^:/[\]]+))(?::(\d{1,5}))?\/?$/i.exec(text) ?? [];
  const host = bracketed ?? plain;
  const isTls = scheme.toLowerCase() === 'https';
  const port = given === undefined ? (isTls ? 443 : 0) : Number(given);
  if (host !== undefined && port >= 1 && port <= 65535)
    return { api: { host, port, ...(isTls && { tls: {} }) }, text: text.replace(/\/$/, '') };
  throw new CliError(
    EXIT.usage,
    `${origin}: "${text}" is not a valid daemon address; give unix:/path, http://127.0.0.1:port or https://name:port`,
  );
}

/** @throws CliError when the token would go out in the clear, or the certificates cannot be read */
function withAccess(api: TcpAddress, { token, ca }: Omit<AddressFlags, 'addr'>, text: string): TcpAddress {
  if (token !== undefined && !api.tls && !isLoopbackHost(api.host)) {
    const detail = `the token would be sent to ${text} in the clear; give https://`;
    throw new CliError(EXIT.usage, detail);
  }
  const tls = api.tls && { ...(ca !== undefined && { ca: readCertificates(ca) }) };
  return { ...api, ...(tls && { tls }), ...(token !== undefined && { token }) };
}

/** A name that leads to loopback; what only looks like one, such as `127.example`, does not. */
function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

function readCertificates(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new CliError(
      EXIT.usage,
      `--ca: ${path}: ${errorMessage(error)}; give a file with certificates (PEM)`,
      {
        cause: error,
      },
    );
  }
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
