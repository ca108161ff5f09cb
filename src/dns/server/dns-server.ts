import { formatHostPort, type HostPort } from '../../net/ip.js';
import { listenError } from './listen-error.js';
import type { Responder } from './responder.js';
import { TCP_LIMITS, type TcpLimits } from './tcp-limits.js';
import { listenTcp, TcpConnections, type TcpListener } from './tcp-server.js';
import { listenUdp, type UdpCounters, type UdpListener } from './udp-server.js';
import type { Log } from '../../net/log.js';

export interface DnsServerOptions {
  /** UDP and TCP on each; port 0 takes any port that both can have. */
  readonly listen: readonly HostPort[];
  readonly responder: Pick<Responder, 'respond'>;
  readonly log: Pick<Log, 'info'>;
  /** How UDP is listened to; by default with dgram. */
  readonly listenUdp?: (address: HostPort, counters: UdpCounters) => UdpListener | Promise<UdpListener>;
  /** A listening TCP socket that Node takes over; by default Node makes one. */
  readonly openTcp?: ((address: HostPort) => number) | undefined;
  readonly tcp?: Partial<TcpLimits>;
  /** How long replies that are under way have when the server stops, in ms; 1000 by default. */
  readonly stopTime?: number;
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
  /** Takes no more queries, lets the replies that are under way go out for as long as `stopTime`, closes every socket. */
  stop(): Promise<void>;
  /** What is bound, with real ports, in the order of `listen`; empty when it is not started. */
  addresses(): readonly HostPort[];
  transportCounters(): TransportCounters;
}

/** How often another port is tried when UDP cannot have the one that TCP got. */
const PORT_ATTEMPTS = 20;

const STOP_TIME = 1000;

/** DNS over UDP and TCP at a list of addresses. */
export function createDnsServer(options: DnsServerOptions): DnsServer {
  const { listen, responder, log, tcp, stopTime = STOP_TIME } = options;
  const openUdp =
    options.listenUdp ??
    ((address: HostPort, counters: UdpCounters) => listenUdp(address, responder, counters));
  const limits = { ...TCP_LIMITS, ...tcp };
  const connections = new TcpConnections(limits);
  const udp = { sendErrors: 0, socketErrors: 0 };
  let tcpListeners: TcpListener[] = [];
  let udpListeners: UdpListener[] = [];
  let bound: HostPort[] = [];

  const bindBoth = async (address: HostPort, attemptsLeft: number): Promise<HostPort> => {
    const tcpListener = await listenTcp(address, responder, limits, connections, options.openTcp).catch(
      (error: unknown) => {
        throw listenError(address, 'tcp', error);
      },
    );
    try {
      const udpListener = await openUdp(tcpListener.address, udp);
      tcpListeners.push(tcpListener);
      udpListeners.push(udpListener);
      return tcpListener.address;
    } catch (error) {
      await tcpListener.close();
      if (address.port === 0 && attemptsLeft > 1) return bindBoth(address, attemptsLeft - 1);
      throw listenError(tcpListener.address, 'udp', error);
    }
  };

  const stop = async (): Promise<void> => {
    const [tcpClosing, udpClosing] = [tcpListeners, udpListeners];
    tcpListeners = [];
    udpListeners = [];
    bound = [];
    const closed = tcpClosing.map((listener) => listener.close());
    const drained = [connections.drain(), ...udpClosing.map((listener) => listener.drain())];
    await within(stopTime, Promise.all(drained));
    connections.closeAll();
    await Promise.all([...closed, ...udpClosing.map((listener) => listener.close())]);
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

/** Resolves with the promise, or when the time (in ms) is over. */
async function within(time: number, promise: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise((resolve) => {
    timer = setTimeout(resolve, time);
  });
  await Promise.race([promise, over]);
  clearTimeout(timer);
}
