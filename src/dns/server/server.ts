import { formatHostPort, type HostPort } from '../../net/ip.js';
import { listenError } from './listen-error.js';
import type { Responder } from './responder.js';
import { TCP_LIMITS, type TcpLimits } from './tcp-limits.js';
import { listenTcp, TcpConnections, type TcpListener } from './tcp-server.js';
import { listenUdp, type UdpListener } from './udp-server.js';

/** Where the server tells what it does; pino's logger is one. */
export interface DnsLog {
  info(message: string): void;
}

export interface DnsServerOptions {
  /** UDP and TCP on each; port 0 takes any port that both can have. */
  readonly listen: readonly HostPort[];
  readonly responder: Pick<Responder, 'respond'>;
  readonly log: DnsLog;
  readonly tcp?: Partial<TcpLimits>;
}

export interface TransportCounters {
  readonly udpSendErrors: number;
  readonly udpSocketErrors: number;
  readonly tcpConnections: number;
  readonly tcpRefused: number;
}

export interface DnsServer {
  /**
   * Binds every address, or none.
   * @returns rejects with one line that says which address, why, and what to do
   */
  start(): Promise<void>;
  /** Closes every socket. Replies that are still under way are not sent. */
  stop(): Promise<void>;
  /** What is bound, with real ports, in the order of `listen`; empty when it is not started. */
  addresses(): readonly HostPort[];
  transportCounters(): TransportCounters;
}

/** How often another port is tried when UDP cannot have the one that TCP got. */
const PORT_ATTEMPTS = 20;

type Listener = UdpListener | TcpListener;

/** DNS over UDP and TCP at a list of addresses. */
export function createDnsServer({ listen, responder, log, tcp }: DnsServerOptions): DnsServer {
  const limits = { ...TCP_LIMITS, ...tcp };
  const connections = new TcpConnections(limits);
  const udp = { sendErrors: 0, socketErrors: 0 };
  let listeners: Listener[] = [];
  let bound: HostPort[] = [];

  const bindBoth = async (address: HostPort, attemptsLeft: number): Promise<HostPort> => {
    const tcpListener = await listenTcp(address, responder, limits, connections).catch((error: unknown) => {
      throw listenError(address, 'tcp', error);
    });
    try {
      const udpListener = await listenUdp(tcpListener.address, responder, udp);
      listeners.push(tcpListener, udpListener);
      return tcpListener.address;
    } catch (error) {
      await tcpListener.close();
      if (address.port === 0 && attemptsLeft > 1) return bindBoth(address, attemptsLeft - 1);
      throw listenError(tcpListener.address, 'udp', error);
    }
  };

  const stop = async (): Promise<void> => {
    const closing = listeners.map((listener) => listener.close());
    connections.closeAll();
    listeners = [];
    bound = [];
    await Promise.all(closing);
  };

  return {
    async start() {
      try {
        for (const address of listen) bound.push(await bindBoth(address, PORT_ATTEMPTS));
      } catch (error) {
        await stop();
        throw error;
      }
      log.info(`DNS on ${bound.map(formatHostPort).join(', ')} (UDP and TCP)`);
    },
    stop,
    addresses: () => bound,
    transportCounters: () => ({
      udpSendErrors: udp.sendErrors,
      udpSocketErrors: udp.socketErrors,
      tcpConnections: connections.open,
      tcpRefused: connections.refused,
    }),
  };
}
