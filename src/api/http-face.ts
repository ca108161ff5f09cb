import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { HostPort } from '../net/ip.js';

/** Where a face listens: the path of a unix socket, or an address. */
export type ListenAddress = { readonly path: string } | HostPort;

/** The sender of a request: a process of this host that may open the unix socket, or an address. */
export type FaceClient =
  | { readonly transport: 'unix' }
  | {
      readonly transport: 'tcp';
      /** Canonical. */
      readonly address: string;
      readonly port: number;
    };

/**
 * One HTTP interface of the daemon: its own API, or an API that another product's clients expect. A face decides where
 * it listens, which requests it accepts, and what it answers. The server does the rest.
 */
export interface HttpFace {
  /** For errors and the log: `API`. */
  readonly name: string;
  readonly listen: FaceListen;
  /**
   * Refuses requests that are not allowed; called before anything else.
   * @throws ApiProblem
   */
  readonly guard: (
    request: IncomingMessage,
    client: FaceClient,
    context: FaceContext,
  ) => void | Promise<void>;
  /** What has to be ready before the first request. */
  readonly start?: () => Promise<void>;
  /**
   * Which routes answer a request that the guard has let pass: each partition has its own. Absent: '' has all.
   */
  readonly partitionOf?: (request: IncomingMessage) => string;
  /**
   * Registers the routes of a partition; called once for each, when its first request comes.
   * @returns takes requests for another protocol, if the face has one
   */
  readonly routes: (app: FastifyInstance, context: FaceContext, partition: string) => FaceUpgrade | undefined;
}

/**
 * Takes over the connection of a request for another protocol (WebSocket), after the guard has let it pass.
 * @param head what the client has sent after the request
 * @returns false: it is answered like any other request
 */
export type FaceUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => boolean;

export interface FaceListen {
  /** Paths of unix sockets and addresses; port 0 takes a free one. */
  readonly addresses: readonly ListenAddress[];
  /** The configuration key of these addresses, for errors: `api.listen`. */
  readonly setting: string;
  /** `loopback` refuses an address that other hosts can reach. */
  readonly reach: 'loopback' | 'any';
  /** All addresses but unix sockets speak TLS. */
  readonly tls?: TlsSource | undefined;
}

/** A certificate with its key. Files may be replaced while the daemon runs. */
export interface TlsSource {
  /** PEM. */
  current(): { readonly cert: string; readonly key: string };
  /** Calls back when there is another. @returns ends that */
  onChange(listener: () => void): () => void;
}

/** What the server gives to its face. */
export interface FaceContext {
  /** Bound addresses, `unix:/path` or `ip:port`. */
  readonly listening: () => readonly string[];
  /** Where a request comes from. Only the source address is trusted. */
  readonly clientOf: (request: FastifyRequest) => FaceClient;
}
