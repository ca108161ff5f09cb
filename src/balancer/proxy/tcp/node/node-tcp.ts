import { createServer, type Server, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { canonicalIp, type HostPort } from '../../../../net/ip.js';
import type { VirtualService, VirtualServiceCounters } from '../../../plane.js';
import type { TimerWheel } from '../../../../runtime/timer-wheel.js';
import { refusesItself, takesFlows } from '../../takes-flows.js';
import { errorMessage } from '../../../../net/error-message.js';
import { BACKLOG, MAX_ACCEPT_MS, type Frontend, type FrontendContext, type Listen } from '../../frontend.js';
import { TcpFlows, type TcpConnections } from '../tcp-flows.js';
import { HIGH_WATER_MARK, NodeFlow } from './node-flow.js';

const connections: TcpConnections<Socket> = {
  createFlow: (client, host) => new NodeFlow(client, host),
  addressOf: ({ remoteAddress = '' }) => canonicalIp(remoteAddress) ?? '0.0.0.0',
  reset: (client) => void client.resetAndDestroy(),
};

/** The stream's 'close' reports the same error. Without a listener the error would end the process. */
const ignore = (): void => undefined;

/** TCP with Node's own sockets, which works everywhere. @param wheel the plane's timer wheel */
export const listenNodeTcp =
  (wheel: TimerWheel): Listen =>
  async (service, context) => {
    const server = createServer({
      allowHalfOpen: true,
      pauseOnConnect: true,
      noDelay: true,
      highWaterMark: HIGH_WATER_MARK,
    });
    context.limits.listen();
    const address = { ip: service.vip, port: context.anyPort?.() ? 0 : service.port };
    await listenAt(server, address).catch((error: unknown) => {
      context.limits.unlisten();
      throw error;
    });
    const frontend = new NodeTcpFrontend(server, service, context, wheel);
    await frontend.followTasks(service);
    return frontend;
  };

function listenAt(server: Server, { ip: host, port }: HostPort): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, backlog: BACKLOG }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

class NodeTcpFrontend implements Frontend {
  readonly address: HostPort;
  readonly #server: Server;
  readonly #context: FrontendContext;
  readonly #wheel: TimerWheel;
  readonly #flows: TcpFlows<Socket>;
  #accepted = 0;
  #listening = true;
  /** Whether the server is closed for lack of a task. */
  #isSuspended = false;
  readonly #refusesItself: boolean;

  constructor(server: Server, service: VirtualService, context: FrontendContext, wheel: TimerWheel) {
    const bound = server.address();
    const listenPort = typeof bound === 'object' && bound !== null ? bound.port : service.port;
    this.address = { ip: service.vip, port: listenPort };
    this.#server = server;
    this.#context = context;
    this.#wheel = wheel;
    this.#refusesItself = refusesItself(service, context.anyPort?.() === true);
    const port = service.port === 0 ? listenPort : service.port;
    this.#flows = new TcpFlows(service, { port, context, wheel, connections });
    server.on('connection', (socket) => {
      this.#accepted++;
      socket.on('error', ignore);
      this.#flows.accept(socket);
    });
    // One accept has failed. The listener continues.
    server.on('error', (error) =>
      context.log.warn(`VIP ${service.vip}:${port}/tcp: cannot accept: ${error.message}`),
    );
  }

  async update(service: VirtualService): Promise<void> {
    this.#flows.update(service);
    await this.followTasks(service);
  }

  /** Has the kernel refuse connections as long as no task takes them. */
  async followTasks(service: VirtualService): Promise<void> {
    if (!this.#listening) return;
    if (this.#refusesItself && !takesFlows(service)) {
      if (!this.#isSuspended) this.#server.close();
      this.#isSuspended = true;
      return;
    }
    if (!this.#isSuspended) return;
    try {
      await listenAt(this.#server, this.address);
      this.#isSuspended = false;
    } catch (error) {
      // The next update tries again.
      const { ip, port } = this.address;
      this.#context.log.warn(`VIP ${ip}:${port}/tcp: cannot listen again: ${errorMessage(error)}`);
    }
    // It may have been closed in the meantime.
    if (!this.#isListening()) this.#server.close();
  }

  #isListening(): boolean {
    return this.#listening;
  }

  counters(): VirtualServiceCounters {
    return this.#flows.counters();
  }

  lately(): VirtualServiceCounters {
    return this.counters();
  }

  async stopListening(): Promise<void> {
    await this.#acceptQueued();
    this.#closeListener();
  }

  async drain(): Promise<void> {
    await this.stopListening();
    await this.#flows.drain();
  }

  async close(): Promise<void> {
    this.#closeListener();
    await this.#flows.close();
  }

  /**
   * When a listener closes, the kernel resets queued connections. Node accepts one of them per turn of the event loop.
   */
  async #acceptQueued(): Promise<void> {
    const until = this.#wheel.now() + MAX_ACCEPT_MS;
    await turn();
    for (let before = -1; before !== this.#accepted && this.#wheel.now() < until;) {
      before = this.#accepted;
      await turn();
    }
  }

  #closeListener(): void {
    if (!this.#listening) return;
    this.#listening = false;
    if (!this.#isSuspended) this.#server.close();
    this.#context.limits.unlisten();
  }
}
