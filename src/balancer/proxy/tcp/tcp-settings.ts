import type { VirtualService } from '../../plane.js';

/** The part of a virtual service that its open connections go by. Milliseconds; Infinity: never. */
export interface TcpSettings {
  readonly vip: string;
  readonly port: number;
  readonly connect: number;
  readonly idle: number;
  readonly halfClosed: number;
  readonly drain: number;
  /** For the PROXY header of a client to be complete. */
  readonly header: number;
  readonly proxyProtocol: 'v1' | 'v2' | undefined;
  readonly acceptProxy: boolean;
}

/** The defaults of the proxy plane, in ms; 0: never. */
export const TCP_TIMEOUTS = { connect: 2000, idle: 0, halfClosed: 0, drain: 30_000 } as const;

/** By then the kernel has given up by itself (tcp(7), tcp_syn_retries). */
const KERNEL_CONNECT_MS = 130_000;
/** A header is one segment, and the protocol asks for 3 s at least so that one may be lost (section 2). */
const HEADER_MS = 5000;

/** @param port the real one, where the service has 0 */
export function tcpSettings(service: VirtualService, port: number): TcpSettings {
  const never = (ms: number): number => (ms === 0 ? Infinity : ms);
  const { timeouts = {} } = service;
  return {
    vip: service.vip,
    port,
    connect: Math.min(never(timeouts.connect ?? TCP_TIMEOUTS.connect), KERNEL_CONNECT_MS),
    idle: never(timeouts.idle ?? TCP_TIMEOUTS.idle),
    halfClosed: never(timeouts.halfClosed ?? TCP_TIMEOUTS.halfClosed),
    drain: never(timeouts.drain ?? TCP_TIMEOUTS.drain),
    header: HEADER_MS,
    proxyProtocol: service.proxyProtocol,
    acceptProxy: service.acceptProxy ?? false,
  };
}
