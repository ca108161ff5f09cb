/**
 * The PROXY protocol (haproxy.org, "The PROXY protocol, versions 1 & 2", 2020-03-05): a header at the start of a
 * connection that contains the address of the client behind the last proxy.
 */
import { canonicalIp, ipBytes, ipFamily, ipFromBytes, type HostPort } from './ip.js';

/** Section 2.1: no version 1 header is longer, CRLF included. */
const V1_MAX = 107;
/** Section 2.2. */
const V2_SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const V2_FIXED = 16;
/** Addresses of AF_UNIX take 216 bytes, and the rest is for TLVs. No real program sends more. */
const V2_MAX_REST = 4096;

/** The two ends of a connection as the header gives them. */
export interface ProxiedAddresses {
  readonly source: HostPort;
  readonly destination: HostPort;
}

export type ProxyHeaderResult =
  /** Valid so far, but incomplete. */
  | { readonly kind: 'incomplete' }
  | {
      readonly kind: 'header';
      /** Length of the header in bytes. The rest is the client's data. */
      readonly length: number;
      /** Undefined for UNKNOWN, LOCAL and families other than IP: use the addresses of the connection itself. */
      readonly addresses?: ProxiedAddresses;
    }
  /** The header is invalid. `fault` continues the sentence "the client's PROXY header ...". */
  | { readonly kind: 'fault'; readonly fault: string };

const INCOMPLETE = { kind: 'incomplete' } as const;
const fault = (text: string): ProxyHeaderResult => ({ kind: 'fault', fault: text });

/** Reads the header at the start of a connection, of either version. Never throws: any other input is a fault. */
export function parseProxyHeader(octets: Buffer): ProxyHeaderResult {
  const signature = octets.subarray(0, V2_SIGNATURE.length);
  if (signature.equals(V2_SIGNATURE.subarray(0, signature.length)))
    return signature.length < V2_SIGNATURE.length ? INCOMPLETE : parseV2(octets);
  const start = octets.toString('latin1', 0, 6);
  if ('PROXY '.startsWith(start)) return start.length < 6 ? INCOMPLETE : parseV1(octets);
  return fault('is missing; the connection begins with something else');
}

function parseV1(octets: Buffer): ProxyHeaderResult {
  const end = octets.subarray(0, V1_MAX).indexOf('\r\n', 0, 'latin1');
  if (end < 0) return octets.length < V1_MAX ? INCOMPLETE : fault(`has no end within ${V1_MAX} bytes`);
  const length = end + 2;
  const [family, ...fields] = octets.toString('latin1', 6, end).split(' ');
  // Ignore what follows UNKNOWN (section 2.1).
  if (family === 'UNKNOWN') return { kind: 'header', length };
  const wanted = family === 'TCP4' ? 4 : family === 'TCP6' ? 6 : undefined;
  if (wanted === undefined) return fault('has a protocol other than TCP4, TCP6 and UNKNOWN');
  const [sourceIp, destinationIp, sourcePort, destinationPort, ...rest] = fields;
  const source = v1Address(wanted, sourceIp, sourcePort);
  const destination = v1Address(wanted, destinationIp, destinationPort);
  if (!source || !destination || rest.length > 0)
    return fault(`has no two ${family ?? ''} addresses with ports`);
  return { kind: 'header', length, addresses: { source, destination } };
}

function v1Address(family: 4 | 6, ip = '', port = ''): HostPort | undefined {
  const isIp = family === 4 ? /^[\d.]+$/.test(ip) : /^[\da-f:.]+$/i.test(ip) && ip.includes(':');
  const canonical = isIp ? canonicalIp(ip) : undefined;
  if (canonical === undefined || !/^(0|[1-9]\d{0,4})$/.test(port) || Number(port) > 65535) return undefined;
  return { ip: canonical, port: Number(port) };
}

function parseV2(octets: Buffer): ProxyHeaderResult {
  if (octets.length < V2_FIXED) return INCOMPLETE;
  const [version, command] = [octets.readUInt8(12) >> 4, octets.readUInt8(12) & 15];
  const [family, rest] = [octets.readUInt8(13) >> 4, octets.readUInt16BE(14)];
  if (version !== 2) return fault(`has version ${version}`);
  if (command > 1) return fault(`has command ${command}`);
  if (rest > V2_MAX_REST)
    return fault(`is ${V2_FIXED + rest} bytes long, but only ${V2_FIXED + V2_MAX_REST} are accepted`);
  const length = V2_FIXED + rest;
  if (octets.length < length) return INCOMPLETE;
  const size = family === 1 ? 4 : family === 2 ? 16 : undefined;
  if (command === 0 || size === undefined) return { kind: 'header', length };
  if (rest < 2 * size + 4) return fault('is too short for its addresses');
  const at = V2_FIXED;
  const source = ipFromBytes(octets.subarray(at, at + size));
  const destination = ipFromBytes(octets.subarray(at + size, at + 2 * size));
  if (source === undefined || destination === undefined) return fault('has no addresses');
  return {
    kind: 'header',
    length,
    addresses: {
      source: { ip: source, port: octets.readUInt16BE(at + 2 * size) },
      destination: { ip: destination, port: octets.readUInt16BE(at + 2 * size + 2) },
    },
  };
}

/**
 * The header for a TCP connection. If the two families differ, the IPv4 address is written as an IPv4-mapped IPv6
 * address.
 */
export function formatProxyHeader(version: 'v1' | 'v2', addresses: ProxiedAddresses): Buffer {
  const { source, destination } = addresses;
  const isV4 = ipFamily(source.ip) === 4 && ipFamily(destination.ip) === 4;
  if (version === 'v1') {
    const text = (ip: string): string => (isV4 || ipFamily(ip) === 6 ? ip : `::ffff:${ip}`);
    const ends = `${text(source.ip)} ${text(destination.ip)} ${source.port} ${destination.port}`;
    return Buffer.from(`PROXY ${isV4 ? 'TCP4' : 'TCP6'} ${ends}\r\n`, 'latin1');
  }
  const size = isV4 ? 4 : 16;
  const header = Buffer.alloc(V2_FIXED + 2 * size + 4);
  V2_SIGNATURE.copy(header);
  header.writeUInt8(0x21, 12);
  header.writeUInt8(isV4 ? 0x11 : 0x21, 13);
  header.writeUInt16BE(2 * size + 4, 14);
  header.set(bytesOf(source.ip, isV4), V2_FIXED);
  header.set(bytesOf(destination.ip, isV4), V2_FIXED + size);
  header.writeUInt16BE(source.port, V2_FIXED + 2 * size);
  header.writeUInt16BE(destination.port, V2_FIXED + 2 * size + 2);
  return header;
}

/**
 * The header for one of the proxy's own connections, such as a health check. It tells the task to use the addresses of
 * the connection itself (section 2.1, UNKNOWN; section 2.2, LOCAL).
 */
export function ownProxyHeader(version: 'v1' | 'v2'): Buffer {
  if (version === 'v1') return Buffer.from('PROXY UNKNOWN\r\n', 'latin1');
  const header = Buffer.alloc(V2_FIXED);
  V2_SIGNATURE.copy(header);
  header.writeUInt8(0x20, 12);
  return header;
}

function bytesOf(ip: string, isV4: boolean): Uint8Array {
  const bytes = ipBytes(ip);
  return isV4 || bytes.length === 16
    ? bytes
    : Uint8Array.from([...Array<number>(10).fill(0), 255, 255, ...bytes]);
}
