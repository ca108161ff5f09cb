import type { Readable } from 'node:stream';

/**
 * The calls to an engine, at one negotiated API version. All but the three exec calls only read. Answers are raw JSON;
 * the readers check them. Every call ends within its deadline and rejects with a {@link DockerError}.
 */
export interface DockerPort {
  /** `1.41` */
  readonly apiVersion: string;
  /** `20.10.24`; empty if the engine does not report it. */
  readonly engineVersion: string;
  /** The engine's time at the connection, in milliseconds since the epoch. */
  readonly connectedAt: number;
  ping(): Promise<void>;
  /** `GET /info` */
  info(): Promise<unknown>;
  /** `GET /containers/json?all=1` */
  listContainers(): Promise<unknown>;
  /** `GET /containers/{id}/json` */
  inspectContainer(id: string): Promise<unknown>;
  /** `GET /networks` */
  listNetworks(): Promise<unknown>;
  /** `GET /networks/{id}` */
  inspectNetwork(id: string): Promise<unknown>;
  /**
   * `GET /events`; resolves with the response headers, which come before the engine subscribes.
   * @param since seconds since the epoch, inclusive
   */
  events(since: number): Promise<Readable>;
  /**
   * `POST /containers/{id}/exec`, with standard output and error.
   * @param env `NAME=value`
   * @returns the id of the exec
   */
  createExec(
    container: string,
    command: { readonly argv: readonly string[]; readonly env: readonly string[] },
    signal: AbortSignal,
  ): Promise<string>;
  /**
   * `POST /exec/{id}/start`; resolves once the request is sent. The stream consists of frames ({@link readFrames}) and
   * ends with the program's output. The signal ends the stream, but not the program.
   */
  startExec(id: string, signal: AbortSignal): Promise<Readable>;
  /** `GET /exec/{id}/json` */
  inspectExec(id: string, signal: AbortSignal): Promise<unknown>;
  /** Ends every call and connection. */
  close(): void;
}

/** Negotiates the API version with an engine. Rejects with a {@link DockerError}. */
export type ConnectDocker = (
  socket: string,
  timeouts: { readonly connect: number; readonly call: number },
  signal: AbortSignal,
) => Promise<DockerPort>;

/** A failed call. */
export class DockerError extends Error {
  override readonly name = 'DockerError';
  /** HTTP status, if the engine answered. */
  readonly status: number | undefined;
  /** System error code (`ENOENT`), if it could not be reached. */
  readonly code: string | undefined;

  constructor(message: string, details: { status?: number | undefined; code?: string | undefined } = {}) {
    super(message);
    this.status = details.status;
    this.code = details.code;
  }
}
