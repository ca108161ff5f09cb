import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { IncomingMessage } from 'node:http';
import type { HostPort } from '../net/ip.js';

/** Where a face listens: the path of a unix socket, or an address. */
export type ListenAddress = { readonly path: string } | HostPort;

/** What sent a request: a process of this host that may open the unix socket, or an address. */
export type FaceClient =
  | { readonly transport: 'unix' }
  | {
      readonly transport: 'tcp';
      /** Canonical. */
      readonly address: string;
      readonly port: number;
    };

/**
 * One side that the daemon shows over HTTP: its own API, or one that another product's clients expect. A face decides
 * where it listens, what it lets in, and what it answers; the server does the rest.
 */
export interface HttpFace {
  /** For errors and the log: `API`. */
  readonly name: string;
  readonly listen: FaceListen;
  /**
   * Refuses what may not come in; called before anything else is done with a request.
   * @throws ApiProblem
   */
  readonly guard: (request: IncomingMessage, client: FaceClient, context: FaceContext) => void;
  /** Registers the routes; called once for each start. */
  readonly routes: (app: FastifyInstance, context: FaceContext) => void;
}

export interface FaceListen {
  /** Paths of unix sockets and addresses; port 0 takes a free one. */
  readonly addresses: readonly ListenAddress[];
  /** The configuration key that they come from, for errors: `api.listen`. */
  readonly setting: string;
  /** `loopback`: an address that other hosts can reach is refused. */
  readonly reach: 'loopback' | 'any';
}

/** What a face is given by the server that serves it. */
export interface FaceContext {
  /** Bound addresses, `unix:/path` or `ip:port`. */
  readonly listening: () => readonly string[];
  /** Where a request comes from; the source address is the only thing that is believed. */
  readonly clientOf: (request: FastifyRequest) => FaceClient;
}
