import { formatHostPort, type HostPort } from '../../net/ip.js';
import { listenError } from './listen-error.js';
import type { Responder } from './responder.js';
import { TCP_LIMITS, type TcpLimits } from './tcp-limits.js';
import { listenTcp, TcpConnections, type TcpListener } from './tcp-server.js';
import { listenUdp, type UdpCounters, type UdpListener } from './udp-server.js';
import type { Log } from '../../net/log.js';

export interface DnsServerOptions {
  /** Each address gets UDP and TCP. Port 0 chooses any port that is free for both. */
  readonly listen: readonly HostPort[];
  readonly responder: Pick<Responder, 'respond'>;
  readonly log: Pick<Log, 'info'>;
  /** Opens the UDP listener; by default with dgram. */
  readonly listenUdp?: (address: HostPort, counters: UdpCounters) => UdpListener | Promise<UdpListener>;
  /** Opens a listening TCP socket for Node to take over. By default Node opens it. */
  readonly openTcp?: ((address: HostPort) => number) | undefined;
  readonly tcp?: Partial<TcpLimits>;
  /** How long pending replies may still take when the server stops, in ms; 1000 by default. */
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
   * Binds all addresses, or none.
   * @returns rejects with one line that says which address, why, and what to do
   */
  start(): Promise<void>;
  /** Accepts no more queries, waits up to `stopTime` for pending replies, and closes all sockets. */
  stop(): Promise<void>;
  /** The bound addresses with their actual ports, in the order of `listen`. Empty before the start. */
  addresses(): readonly HostPort[];
  transportCounters(): TransportCounters;
}

/** How many other ports to try if the port that TCP got is taken for UDP. */
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

/** Resolves with the promise, or after `time` ms at the latest. */
async function within(time: number, promise: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise((resolve) => {
    timer = setTimeout(resolve, time);
  });
  await Promise.race([promise, over]);
  clearTimeout(timer);
}
