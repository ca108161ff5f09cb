import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { errorMessage } from '../../net/error-message.js';
import { every, type Timers } from '../../runtime/timers.js';
import type { StreamLimits } from '../stream-limits.js';
import { CLOSE_CODES, type StreamErrorJson } from '../types/stream.js';
import { FrameBatches } from './frame-batches.js';
import type { Outlet } from './outlet.js';
import { StreamSession, type StreamFeeds } from './stream-session.js';

/** The longest message of a client, in bytes; ws allows 100 MiB by default. */
const MAX_PAYLOAD = 64 * 1024;

interface Guest {
  readonly outlet: Outlet;
  /** Whether it has answered the last ping. */
  isAlive: boolean;
}

/** The clients of `GET /v1/stream`. */
export class WebSocketDoor {
  readonly #server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MAX_PAYLOAD,
  });
  readonly #feeds: StreamFeeds;
  readonly #limits: StreamLimits;
  readonly #timers: Pick<Timers, 'after'>;
  readonly #guests = new Map<WebSocket, Guest>();
  readonly #batches: FrameBatches;
  #stopPings: (() => void) | undefined;

  constructor(feeds: StreamFeeds, limits: StreamLimits) {
    this.#feeds = feeds;
    this.#limits = limits;
    this.#timers = feeds.ports.timers;
    this.#batches = new FrameBatches(this.#timers, () => this.#guests.size);
  }

  /** Completes the handshake of a client that may come in. */
  admit(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#server.handleUpgrade(request, socket, head, (client) => this.#serve(client, socket));
  }

  /** Tells every client that the daemon stops. */
  close(): void {
    for (const { outlet } of this.#guests.values()) {
      const detail = 'the daemon is stopping; connect again with "since" and the last cursor';
      outlet.end(JSON.stringify({ type: 'error', code: 'stopping', detail } satisfies StreamErrorJson));
    }
  }

  #serve(client: WebSocket, socket: Duplex): void {
    const outlet = this.#outletOf(client, socket);
    const guest: Guest = { outlet, isAlive: true };
    this.#guests.set(client, guest);
    this.#stopPings ??= every(this.#timers, this.#limits.heartbeatMs, () => this.#ping());
    const session = new StreamSession(outlet, this.#feeds);
    client.on('message', (data, isBinary) => {
      guest.isAlive = true;
      if (outlet.isOpen) this.#take(session, isBinary ? '' : (data as Buffer).toString());
    });
    client.on('pong', () => (guest.isAlive = true));
    // ws closes the connection itself after an error of the protocol, with the code that says which.
    client.on('error', () => undefined);
    client.on('close', () => {
      this.#guests.delete(client);
      session.close();
      if (this.#guests.size > 0) return;
      this.#stopPings?.();
      this.#stopPings = undefined;
    });
  }

  #take(session: StreamSession, text: string): void {
    try {
      session.receive(text);
    } catch (error) {
      this.#feeds.ports.log.error(
        'a message of /v1/stream could not be handled; this is a bug in Fairlead, please report it',
        { error: errorMessage(error) },
      );
    }
  }

  /** A client that has not answered the last ping is gone, although its connection looks open. */
  #ping(): void {
    for (const [client, guest] of this.#guests) {
      if (!guest.isAlive) {
        client.terminate();
        continue;
      }
      guest.isAlive = false;
      client.ping();
    }
  }

  /** @param socket the client's connection; frames that are the same for all clients are written past ws */
  #outletOf(client: WebSocket, socket: Duplex): Outlet {
    let waiters: (() => void)[] = [];
    let isEnding = false;
    const lane = this.#batches.lane((frames) => {
      if (client.readyState === client.OPEN) socket.write(frames, tell);
    });
    const waiting = (): number => lane.waiting + client.bufferedAmount;
    const isOpen = (): boolean => !isEnding && client.readyState === client.OPEN;
    const tell = (): void => {
      if (client.readyState === client.OPEN && waiting() > 0) return;
      const due = waiters;
      waiters = [];
      for (const waiter of due) waiter();
    };
    client.on('close', tell);
    return {
      send: (message) => {
        if (isOpen()) lane.send(message);
      },
      get waiting() {
        return waiting();
      },
      onDrained: (callback) => {
        if (!isOpen() || waiting() === 0) callback();
        else waiters.push(callback);
      },
      end: (message) => {
        if (!isOpen()) return;
        isEnding = true;
        lane.flush();
        client.send(message);
        client.close(codeOf(message));
        client.once(
          'close',
          this.#timers.after(this.#limits.farewellMs, () => client.terminate()),
        );
      },
      cut: () => client.terminate(),
      get isOpen() {
        return isOpen();
      },
    };
  }
}

/** @param message the last one: {@link StreamErrorJson} */
function codeOf(message: string): number {
  const { code } = JSON.parse(message) as StreamErrorJson;
  return code === 'bad-message' ? CLOSE_CODES.stopping : CLOSE_CODES[code];
}
