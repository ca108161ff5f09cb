import { canonicalIp, type HostPort } from '../../../net/ip.js';
import { formatProxyHeader } from '../../../net/proxy-protocol.js';

/** The offset of the header's family and protocol byte, and the protocol for datagrams ("DGRAM", section 2.2). */
const FAMILY_AND_PROTOCOL = 13;
const DGRAM = 2;

/**
 * The PROXY header in front of each datagram of a session, in the same datagram (haproxy.org, "The PROXY protocol",
 * version 2; version 1 only supports TCP).
 */
export function udpProxyHeader(
  client: { readonly address: string; readonly port: number },
  vip: HostPort,
): Buffer {
  const source = { ip: canonicalIp(client.address) ?? client.address, port: client.port };
  const header = formatProxyHeader('v2', { source, destination: vip });
  header.writeUInt8((header.readUInt8(FAMILY_AND_PROTOCOL) & 0xf0) | DGRAM, FAMILY_AND_PROTOCOL);
  return header;
}
