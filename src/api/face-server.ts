import { createServer, ServerResponse, type IncomingMessage, type Server } from 'node:http';
import { createServer as createTlsServer, Server as TlsServer } from 'node:https';
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

/** What answers the requests of one partition. */
interface Partition {
  readonly app: FastifyInstance;
  readonly upgrade: FaceUpgrade | undefined;
}

/** Serves one face on all its addresses. */
export function createFaceServer(face: HttpFace, log: Pick<Log, 'error'>): FaceServer {
  const addresses: string[] = [];
  const servers: Server[] = [];
  const overUnix = new WeakSet<IncomingMessage>();
  /** Why the guard refuses a request. */
  const refused = new WeakMap<IncomingMessage, { readonly error: unknown }>();
  const partitions = new Map<string, Promise<Partition>>();
  let unfollow: (() => void) | undefined;

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

  const partition = (name: string): Promise<Partition> => {
    const known = partitions.get(name);
    if (known) return known;
    const made = createPartition(face, context, name, (request) => refused.get(request), log);
    partitions.set(name, made);
    return made;
  };
  /** Asks the guard. @returns what answers the request; what is refused is answered where all problems are */
  const admit = async (request: IncomingMessage): Promise<Partition> => {
    try {
      await face.guard(request, clientOf(request), context);
    } catch (error) {
      refused.set(request, { error });
      return partition('');
    }
    return partition(face.partitionOf?.(request) ?? '');
  };
  const answer = async (socket: Duplex, task: Promise<void>): Promise<void> => {
    try {
      await task;
    } catch (error) {
      log.error(`${face.name}: a request could not be answered; please report it`, {
        error: errorMessage(error),
      });
      socket.destroy();
    }
  };

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    (await admit(request)).app.routing(request, response);
  };
  const serveUpgrade = async (request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    const { app, upgrade } = await admit(request);
    if (!refused.has(request) && upgrade?.(request, socket, head)) return;
    app.routing(request, plainResponse(request));
  };

  const open = (isUnix: boolean): Server => {
    const note = (request: IncomingMessage): void => {
      if (isUnix) overUnix.add(request);
    };
    const options = { requestTimeout: 30_000 };
    const { tls } = face.listen;
    const server =
      tls === undefined || isUnix ? createServer(options) : createTlsServer({ ...options, ...tls.current() });
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      note(request);
      void answer(request.socket, serve(request, response));
    });
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      note(request);
      // An error ends the socket; without a listener it would end the daemon.
      socket.on('error', () => socket.destroy());
      void answer(socket, serveUpgrade(request, socket, head));
    });
    return server;
  };

  const stop = async (): Promise<void> => {
    unfollow?.();
    const closed = servers.map(
      (server) =>
        new Promise<void>((resolve) => {
          server.close(() => resolve());
        }),
    );
    await Promise.all([...partitions.values()].map(async (each) => (await each).app.close()));
    partitions.clear();
    for (const server of servers) server.closeAllConnections();
    await Promise.all(closed);
    servers.length = 0;
    addresses.length = 0;
  };

  return {
    async start() {
      await face.start?.();
      await partition('');
      try {
        for (const address of face.listen.addresses) {
          const server = open('path' in address);
          const name = await listen(server, address, face.listen);
          servers.push(server);
          addresses.push(name);
        }
      } catch (error) {
        await stop();
        throw error;
      }
      const { tls } = face.listen;
      unfollow = tls?.onChange(() => {
        for (const server of servers) if (server instanceof TlsServer) server.setSecureContext(tls.current());
      });
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

/**
 * The routes of a partition, without a listener. No request can make it throw.
 * @param refusalOf why the guard refuses a request; undefined if it does not
 */
async function createPartition(
  face: HttpFace,
  context: FaceContext,
  partition: string,
  refusalOf: (request: IncomingMessage) => { readonly error: unknown } | undefined,
  log: Pick<Log, 'error'>,
): Promise<Partition> {
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
    const refusal = refusalOf(request.raw);
    // Its type is that of what the guard throws.
    done(refusal?.error as Error | undefined);
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
    if (error instanceof ApiProblem) void reply.headers(error.headers);
    return reply.code(problem.status).type(PROBLEM_TYPE).send(JSON.stringify(problem));
  });

  app.setNotFoundHandler((request) => {
    const asked = `${request.method} ${clip(request.url.split('?')[0] ?? '')}`;
    throw new ApiProblem(404, 'not-found', `${asked} does not exist; docs/api.md lists the routes`);
  });

  const upgrade = face.routes(app, context, partition);
  await app.ready();
  return { app, upgrade };
}
