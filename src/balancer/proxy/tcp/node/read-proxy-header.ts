import type { Socket } from 'node:net';
import { parseProxyHeader } from '../../../../net/proxy-protocol.js';
import type { ClientHeader } from '../tcp-flow.js';

/**
 * Reads the PROXY header at the start of a client's data, and pauses the socket after it.
 * @param done called once; without a header when the client sent something else, or ended; never when it goes on
 * waiting
 */
export function readProxyHeader(client: Socket, done: (header: ClientHeader | undefined) => void): void {
  let octets: Buffer = Buffer.alloc(0);
  const finish = (header: ClientHeader | undefined): void => {
    client.pause();
    client.off('data', read);
    client.off('end', end);
    done(header);
  };
  const read = (chunk: Buffer): void => {
    octets = octets.length === 0 ? chunk : Buffer.concat([octets, chunk]);
    const result = parseProxyHeader(octets);
    if (result.kind === 'incomplete') return;
    if (result.kind === 'fault') {
      finish(undefined);
      return;
    }
    const rest = octets.length > result.length ? octets.subarray(result.length) : undefined;
    finish({ addresses: result.addresses, rest });
  };
  const end = (): void => finish(undefined);
  client.on('data', read);
  client.on('end', end);
  client.resume();
}
