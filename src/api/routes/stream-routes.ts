import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { errorMessage } from '../../net/error-message.js';
import type { Access } from '../access/api-access.js';
import type { FaceUpgrade } from '../http-face.js';
import { Params } from '../params.js';
import type { ApiPorts } from '../ports.js';
import { ApiProblem } from '../problem.js';
import type { StreamLimits } from '../stream-limits.js';
import type { Places } from '../stream-places.js';
import type { StateFeed } from '../stream/state-feed.js';
import type { WebSocketDoor } from '../stream/web-socket-door.js';

const PATH = '/v1/stream';

/**
 * `/v1/stream`: the state, events and figures over a WebSocket. What serves it is loaded when the first client comes.
 * @returns takes the handshakes
 */
export function streamRoutes(
  app: FastifyInstance,
  ports: ApiPorts,
  {
    state,
    listening,
    limits,
    access,
    places,
  }: {
    readonly state: StateFeed;
    readonly listening: () => readonly string[];
    readonly limits: StreamLimits;
    readonly access: Pick<Access, 'principalOf'>;
    readonly places: Places;
  },
): FaceUpgrade {
  let door: Promise<WebSocketDoor> | undefined;
  let isStopping = false;

  app.addHook('preClose', (done) => {
    isStopping = true;
    void door?.then((each) => each.close());
    done();
  });

  // A handshake that is refused ends here, too.
  app.get(PATH, (request, reply) => {
    new Params(request.query, []);
    if (isHandshake(request.raw) && !places.areLeft) {
      const detail = `${places.most} clients already have a stream, which is the limit; end one of them`;
      throw new ApiProblem(503, 'too-many-streams', detail);
    }
    void reply.header('upgrade', 'websocket');
    const detail = `${PATH} needs a WebSocket client; docs/stream.md says more, and GET /v1/watch has the state as JSON lines`;
    throw new ApiProblem(426, 'upgrade-required', detail);
  });

  const admit = async (request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    try {
      door ??= openDoor(ports, state, listening, limits);
      const ready = await door;
      if (isStopping) socket.destroy();
      else ready.admit(request, socket, head);
    } catch (error) {
      ports.log.error('the stream could not be opened; this is a bug in Fairlead, please report it', {
        error: errorMessage(error),
      });
      socket.destroy();
    }
  };

  return (request, socket, head) => {
    if (request.url !== PATH || !isHandshake(request) || !places.areLeft || isStopping) return false;
    // What is refused gets its answer where all requests do.
    if (access.principalOf(request).role === 'none') return false;
    places.take();
    socket.once('close', () => places.free());
    void admit(request, socket, head);
    return true;
  };
}

function isHandshake({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket';
}

async function openDoor(
  ports: ApiPorts,
  state: StateFeed,
  listening: () => readonly string[],
  limits: StreamLimits,
): Promise<WebSocketDoor> {
  const { openStreamDoor } = await import('../stream/open-door.js');
  return openStreamDoor(ports, state, listening, limits);
}
