import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { createApp } from './app.js';
import { listen, type ListenAddress } from './listen.js';
import type { CatalogReader, DaemonInfo, HealthPort, NameService, ProcessPort, VipPort } from './ports.js';
import type { StreamLimits } from './routes/event-routes.js';
import { errorMessage } from '../net/error-message.js';
import type { Log } from '../net/log.js';

export interface ApiServerOptions {
  readonly catalog: CatalogReader;
  readonly names: NameService;
  readonly daemon: DaemonInfo;
  readonly health: HealthPort;
  readonly vips: VipPort;
  readonly process: ProcessPort;
  /** Paths of unix sockets and loopback addresses; port 0 takes a free one. */
  readonly listen: readonly ListenAddress[];
  readonly log: Log;
  /** Milliseconds since the epoch. */
  readonly clock?: () => number;
  readonly limits?: StreamLimits;
}

export interface ApiServer {
  /** Listens everywhere, or nowhere and rejects with one line that says why and what to do. */
  start(): Promise<void>;
  /** Ends all streams and connections, and removes the socket file. It can be started again. */
  stop(): Promise<void>;
  /** Bound addresses, `unix:/path` or `ip:port`. */
  addresses(): readonly string[];
}

/** The API over HTTP (docs/api.md). */
export function createApiServer(options: ApiServerOptions): ApiServer {
  const { listen: wanted, clock = Date.now, limits, ...rest } = options;
  const { log } = rest;
  const ports = { ...rest, clock };
  const addresses: string[] = [];
  const servers: Server[] = [];
  const overUnix = new WeakSet<IncomingMessage>();
  const transportOf = (request: IncomingMessage) => (overUnix.has(request) ? 'unix' : 'tcp');
  let app: FastifyInstance | undefined;

  const stop = async (): Promise<void> => {
    const closed = servers.map(
      (server) =>
        new Promise<void>((resolve) => {
          server.close(() => resolve());
        }),
    );
    await app?.close();
    for (const server of servers) server.closeAllConnections();
    await Promise.all(closed);
    servers.length = 0;
    addresses.length = 0;
  };

  return {
    async start() {
      const routes = createApp(ports, {
        listening: () => addresses,
        transportOf,
        ...(limits === undefined ? {} : { limits }),
      });
      app = routes;
      await routes.ready();
      try {
        for (const address of wanted) {
          const server = createServer({ requestTimeout: 30_000 }, (request, response) => {
            if ('path' in address) overUnix.add(request);
            routes.routing(request, response);
          });
          const name = await listen(server, address);
          servers.push(server);
          addresses.push(name);
        }
      } catch (error) {
        await stop();
        throw error;
      }
      for (const server of servers) {
        server.on('error', (error) =>
          log.error('a connection could not be accepted', { error: errorMessage(error) }),
        );
      }
    },
    stop,
    addresses: () => addresses,
  };
}
