import { randomInt } from 'node:crypto';
import { closeSync } from 'node:fs';
import { createSocket, type Socket } from 'node:dgram';
import { loadLibc, type Libc } from '../linux/libc.js';
import { openSocketInFirst } from '../linux/network-namespace.js';
import { errorCode } from '../net/error-message.js';
import { canonicalIp, ipFamily } from '../net/ip.js';
import { nameFromText } from '../wire/name-text.js';

/** The result of a probe. */
export type ProbeResult =
  /** `from`: the source address of the container's query. */
  | { readonly kind: 'reached'; readonly listener: string; readonly from?: string }
  | { readonly kind: 'blocked'; readonly why: string; readonly from?: string }
  /** The probe could not be made. */
  | { readonly kind: 'impossible'; readonly why: string };

/**
 * Queries our listeners one after the other from inside a container's network namespace, and so through its routes and
 * the host's firewall.
 * @param namespaces files of the namespace; the first that can be opened is used
 * @param listeners addresses; the port is 53
 */
export type ReachProbe = (
  namespaces: readonly string[],
  listeners: readonly string[],
) => Promise<ProbeResult>;

const ATTEMPTS = 2;
const ANSWER_MS = 500;
const HEADER = 12;
const UNKNOWN = 'its network namespace is unknown';

/** @param domain a name that the listener answers itself */
export function createReachProbe(domain: () => string): ReachProbe {
  return async (namespaces, listeners) => {
    const libc = await loadLibc();
    if ('unavailable' in libc) return { kind: 'impossible', why: libc.unavailable };
    if (listeners.length === 0)
      return { kind: 'blocked', why: 'dns.listen has no address on port 53 that a container can reach' };
    let last: ProbeResult = { kind: 'impossible', why: UNKNOWN };
    for (const listener of listeners) {
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const opened = open(libc, namespaces, ipFamily(listener));
        if ('kind' in opened) return opened;
        last = await ask(opened.socket, listener, domain());
        if (last.kind === 'reached') return last;
      }
    }
    return last;
  };
}

function open(
  libc: Libc,
  namespaces: readonly string[],
  family: 4 | 6,
): { readonly socket: Socket } | ProbeResult {
  const opened = openSocketInFirst(libc, namespaces, 'udp', family);
  if ('why' in opened) return { kind: 'impossible', why: opened.why ?? UNKNOWN };
  const { fd } = opened;
  const socket = createSocket(family === 4 ? 'udp4' : 'udp6');
  try {
    socket.bind({ fd });
    return { socket };
  } catch (error) {
    closeSync(fd);
    return { kind: 'impossible', why: `a socket cannot be created there (${errorCode(error)})` };
  }
}

function ask(socket: Socket, listener: string, domain: string): Promise<ProbeResult> {
  return new Promise((resolve) => {
    let from: string | undefined;
    const end = (result: ProbeResult): void => {
      clearTimeout(timer);
      socket.removeAllListeners();
      socket.on('error', () => undefined);
      socket.close();
      resolve(result);
    };
    const blocked = (why: string): void => end({ kind: 'blocked', why, ...(from !== undefined && { from }) });
    const timer = setTimeout(
      () => blocked(`${listener} port 53 does not answer from there; a firewall may drop it`),
      ANSWER_MS,
    );
    const id = randomInt(0x10000);
    socket.on('error', (error) => blocked(`${listener} cannot be reached from there (${errorCode(error)})`));
    socket.on('message', (message) => {
      if (message.length < HEADER || message.readUInt16BE(0) !== id) return;
      end({ kind: 'reached', listener, ...(from !== undefined && { from }) });
    });
    socket.connect(53, listener, (...[error]: readonly unknown[]) => {
      // The types do not mention it, but the callback also receives an error: there is no route.
      if (error) {
        blocked(`${listener} cannot be reached from there (${errorCode(error)})`);
        return;
      }
      from = canonicalIp(socket.address().address);
      socket.send(query(id, domain));
    });
  });
}

/** A query for the domain's SOA without RD, so that it is never forwarded. */
function query(id: number, domain: string): Buffer {
  const header = Buffer.alloc(HEADER);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(1, 4);
  return Buffer.concat([header, nameFromText(domain) ?? Buffer.from([0]), Buffer.from([0, 6, 0, 1])]);
}
