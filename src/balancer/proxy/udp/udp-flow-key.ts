import type { DatagramBatch } from '../../../linux/datagram-batch.js';
import { AF_INET, SOCKADDR } from '../../../linux/sockaddr.js';

/** Identifies a client's address and port at one virtual service. */
export type FlowKey = number | string;

const DOT = 46;
const ZERO = 48;
const NINE = 57;

/**
 * The key of a client's transport address as the kernel reports it. For IPv4 it is a whole number below 2^48 (address,
 * then port), which needs no string. For IPv6 it is a text.
 */
export function flowKey(address: string, port: number): FlowKey {
  let ip = 0;
  let octet = 0;
  for (let at = 0; at < address.length; at++) {
    const code = address.charCodeAt(at);
    if (code === DOT) {
      ip = ip * 256 + octet;
      octet = 0;
    } else if (code >= ZERO && code <= NINE) {
      octet = octet * 10 + code - ZERO;
    } else {
      return `${address}/${port}`;
    }
  }
  // An IPv6 address has a colon within its first five characters, so every text that gets here contains one.
  return (ip * 256 + octet) * 65536 + port;
}

/** Makes the client with this key the peer to which a place of a batch is sent. IPv4 only. */
export function addressPlace(batch: DatagramBatch, place: number, key: number): void {
  const { octets } = batch;
  let at = batch.nameAt(place);
  octets[at] = AF_INET;
  octets[at + 1] = 0;
  const [port, ip] = [key % 65_536, Math.floor(key / 65_536)];
  at += SOCKADDR.port;
  octets[at++] = port >> 8;
  octets[at++] = port & 0xff;
  octets[at++] = ip >>> 24;
  octets[at++] = (ip >>> 16) & 0xff;
  octets[at++] = (ip >>> 8) & 0xff;
  octets[at] = ip & 0xff;
}
