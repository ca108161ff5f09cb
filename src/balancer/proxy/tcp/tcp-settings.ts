import type { VirtualService } from '../../plane.js';

/** The settings of a virtual service that apply to open connections. Milliseconds; Infinity: no limit. */
export interface TcpSettings {
  readonly vip: string;
  readonly port: number;
  readonly connect: number;
  readonly idle: number;
  readonly halfClosed: number;
  readonly drain: number;
  /** Time until a client's PROXY header must be complete. */
  readonly header: number;
  readonly proxyProtocol: 'v1' | 'v2' | undefined;
  readonly acceptProxy: boolean;
}

/** The defaults of the proxy plane, in ms; 0: no limit. */
export const TCP_TIMEOUTS = { connect: 2000, idle: 0, halfClosed: 0, drain: 30_000 } as const;

/** By then the kernel itself has given up (tcp(7), tcp_syn_retries). */
const KERNEL_CONNECT_MS = 130_000;
/** A header is one segment. The protocol requires at least 3 s, so that one segment may be lost (section 2). */
const HEADER_MS = 5000;

/** @param port the actual port, if the service has 0 */
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
