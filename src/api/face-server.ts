import { createServer, ServerResponse, type IncomingMessage, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { errorMessage } from '../net/error-message.js';
import { canonicalIp } from '../net/ip.js';
import type { Log } from '../net/log.js';
import type { FaceClient, FaceContext, FaceUpgrade, HttpFace } from './http-face.js';
import { listen } from './listen.js';
import { clip } from './params.js';
import { ApiProblem, BODY_LIMIT, PROBLEM_TYPE, toProblem } from './problem.js';

export interface FaceServer {
  /**
   * Listens on all addresses. If one fails, it listens on none and rejects with one line that says why and what to do.
   */
  start(): Promise<void>;
  /** Ends all streams and connections, and removes the socket file. It can be started again. */
  stop(): Promise<void>;
  /** Bound addresses, `unix:/path` or `ip:port`. */
  addresses(): readonly string[];
}

/** Serves one face on all its addresses. */
export function createFaceServer(face: HttpFace, log: Pick<Log, 'error'>): FaceServer {
  const addresses: string[] = [];
  const servers: Server[] = [];
  const overUnix = new WeakSet<IncomingMessage>();
  let app: FastifyInstance | undefined;

  const clientOf = (request: IncomingMessage): FaceClient => {
    if (overUnix.has(request)) return { transport: 'unix' };
    const { remoteAddress = '', remotePort = 0 } = request.socket;
    // A connection that was reset has no address any more, and gets no answer anyway.
    return { transport: 'tcp', address: canonicalIp(remoteAddress) ?? '0.0.0.0', port: remotePort };
  };
  const context: FaceContext = {
    listening: () => addresses,
    clientOf: (request) => clientOf(request.raw),
  };

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
      const { app: routes, upgrade } = createApp(face, context, clientOf, log);
      app = routes;
      await routes.ready();
      const isAllowed = (request: IncomingMessage): boolean => {
        try {
          face.guard(request, clientOf(request), context);
          return true;
        } catch {
          // The guard refuses it again where all requests are answered, and says why.
          return false;
        }
      };
      try {
        for (const address of face.listen.addresses) {
          const server = createServer({ requestTimeout: 30_000 }, (request, response) => {
            if ('path' in address) overUnix.add(request);
            routes.routing(request, response);
          });
          server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
            if ('path' in address) overUnix.add(request);
            if (isAllowed(request) && upgrade?.(request, socket, head)) return;
            routes.routing(request, plainResponse(request));
          });
          const name = await listen(server, address, face.listen);
          servers.push(server);
          addresses.push(name);
        }
      } catch (error) {
        await stop();
        throw error;
      }
      for (const server of servers) {
        server.on('error', (error) =>
          log.error(`${face.name}: a connection could not be accepted`, { error: errorMessage(error) }),
        );
      }
    },
    stop,
    addresses: () => addresses,
  };
}

/** The response to a request for another protocol that is answered like any other; it is the last of its connection. */
function plainResponse(request: IncomingMessage): ServerResponse {
  const { socket } = request;
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  socket.on('error', () => socket.destroy());
  response.on('finish', () => {
    response.detachSocket(socket);
    socket.end();
  });
  return response;
}

/** No route has a fastify schema. Without these stubs fastify would load its schema compilers, about 3 MB. */
const noSchemas = (): never => {
  throw new Error('a route has a schema, but there is no schema compiler');
};

/** The routes of a face, without a listener. No request can make it throw. */
function createApp(
  face: HttpFace,
  context: FaceContext,
  clientOf: (request: IncomingMessage) => FaceClient,
  log: Pick<Log, 'error'>,
): { readonly app: FastifyInstance; readonly upgrade: FaceUpgrade | undefined } {
  const app = fastify({
    logger: false,
    exposeHeadRoutes: false,
    bodyLimit: BODY_LIMIT,
    // A task id of the file source consists of three names, but fastify answers 404 for more than 100 characters.
    routerOptions: { maxParamLength: 1024 },
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
    // A URL that cannot be decoded fails before the hooks and handlers below run.
    frameworkErrors: (error, _request, reply: FastifyReply) => {
      const problem = toProblem(error);
      void reply.code(problem.status).type(PROBLEM_TYPE).send(JSON.stringify(problem));
    },
  });

  // Only the JSON parser stays; bodies of other types are refused.
  app.removeContentTypeParser('text/plain');

  app.addHook('onRequest', (request, reply, done) => {
    void reply.header('cache-control', 'no-store').header('x-content-type-options', 'nosniff');
    face.guard(request.raw, clientOf(request.raw), context);
    done();
  });

  app.setErrorHandler((error, request, reply) => {
    const problem = toProblem(error);
    if (problem.status >= 500 && !(error instanceof ApiProblem)) {
      log.error(
        `${request.method} ${clip(request.url)} failed; this is a bug in Fairlead, please report it`,
        {
          error: errorMessage(error),
        },
      );
    }
    return reply.code(problem.status).type(PROBLEM_TYPE).send(JSON.stringify(problem));
  });

  app.setNotFoundHandler((request) => {
    const asked = `${request.method} ${clip(request.url.split('?')[0] ?? '')}`;
    throw new ApiProblem(404, 'not-found', `${asked} does not exist; docs/api.md lists the routes`);
  });

  const upgrade = face.routes(app, context);
  return { app, upgrade };
}
