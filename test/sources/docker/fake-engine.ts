import { rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { FakeExecs } from './fake-exec.js';
import { EngineModel, eventLine, type ModelEvent } from './engine-model.js';

/** What a path answers instead of the truth. */
export type Fault = (response: ServerResponse) => void;

export const faults = {
  hang: () => undefined,
  hangAfterHeaders: (response: ServerResponse) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
  },
  serverError: (response: ServerResponse) => {
    response.writeHead(500, { 'content-type': 'application/json' });
    response.end('{"message":"layer does not exist"}');
  },
  garbage: (response: ServerResponse) => response.end('{"Id": 7, "State'),
  notThere: (response: ServerResponse) => {
    response.writeHead(404, { 'content-type': 'application/json' });
    response.end('{"message":"No such container"}');
  },
  cut: (response: ServerResponse) => {
    response.writeHead(200, { 'content-length': '100000' });
    response.write('{"Id": "');
    setImmediate(() => response.destroy());
  },
} satisfies Record<string, Fault>;

/** An engine on a unix socket: a real HTTP server before a model, with every way to misbehave. */
export class FakeEngine {
  readonly model: EngineModel;
  readonly socket: string;
  readonly execs: FakeExecs;
  /** Path without version, as asked. */
  readonly requests: string[] = [];
  readonly versions = new Set<string>();
  /** What the last watcher of events asked for. */
  query = new URLSearchParams();
  readonly faults = new Map<string, Fault>();
  /** How the text of an event is cut into chunks. */
  chunk: (line: string) => string[] = (line) => [line];
  /** What happens to an event on its way; the default lets it through. */
  deliver: (event: ModelEvent) => ModelEvent[] = (event) => [event];
  readonly #streams = new Set<ServerResponse>();
  readonly #sockets = new Set<Socket>();
  readonly #past: { readonly at: number; readonly line: string }[] = [];
  #server: Server | undefined;

  constructor(socket: string, model = new EngineModel()) {
    this.socket = socket;
    this.model = model;
    this.execs = new FakeExecs(model);
    model.onEvent = (event) => this.#emit(event);
  }

  async up(): Promise<void> {
    const server = createServer((request, response) => this.#serve(request, response));
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.socket, resolve));
  }

  /** The way a dying dockerd goes: streams break in the middle, the socket file stays or goes. Its past is forgotten. */
  async down(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.forget();
    this.#streams.clear();
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve())));
    rmSync(this.socket, { force: true });
  }

  /** What it would replay to a new watcher. */
  forget(): void {
    this.#past.length = 0;
  }

  /** Bytes on every open event stream. */
  send(text: string): void {
    for (const stream of this.#streams) stream.write(text);
  }

  endStreams(lastWords = ''): void {
    for (const stream of this.#streams) stream.end(lastWords);
    this.#streams.clear();
  }

  get watchers(): number {
    return this.#streams.size;
  }

  inspected(): string[] {
    return this.requests.filter((path) => /^\/containers\/\w+\/json/.test(path));
  }

  #emit(event: ModelEvent): void {
    for (const one of this.deliver(event)) {
      const line = eventLine(one);
      this.#past.push({ at: Number(one.time), line });
      for (const piece of this.chunk(line)) this.send(piece);
    }
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://engine');
    const version = /^\/v(1\.\d+)(?=\/)/.exec(url.pathname);
    const path = url.pathname.slice(version?.[0].length ?? 0);
    if (version?.[1] !== undefined) this.versions.add(version[1]);
    this.requests.push(path);
    response.on('error', () => undefined);
    const fault = [...this.faults].find(([prefix]) => path.startsWith(prefix))?.[1];
    if (fault !== undefined) {
      fault(response);
      return;
    }
    if (path === '/_ping') {
      const { apiVersion, engineVersion } = this.model;
      response.writeHead(200, { 'api-version': apiVersion, server: `Docker/${engineVersion} (linux)` });
      response.end('OK');
    } else if (path === '/events') {
      this.#events(url, response);
    } else if (this.execs.serve(path, request, response)) {
      return;
    } else {
      const container = /^\/containers\/(\w+)\/json$/.exec(path)?.[1];
      this.model.inspect(container ?? '', () => {
        const json = this.#answer(path);
        if (json === undefined) faults.notThere(response);
        else response.end(JSON.stringify(json));
      });
    }
  }

  #answer(path: string): unknown {
    if (path === '/containers/json') return this.model.listJson();
    if (path === '/info') return { DockerRootDir: '/var/lib/docker' };
    if (path === '/networks') return this.model.networksJson();
    const container = /^\/containers\/(\w+)\/json$/.exec(path)?.[1];
    if (container !== undefined) return this.model.inspectJson(container);
    const network = /^\/networks\/(\w+)$/.exec(path)?.[1];
    return network === undefined ? undefined : this.model.networkJson(network);
  }

  #events(url: URL, response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    this.query = url.searchParams;
    const since = Number(url.searchParams.get('since') ?? Infinity);
    for (const { at, line } of this.#past) if (at >= since) response.write(line);
    this.#streams.add(response);
    response.on('close', () => this.#streams.delete(response));
  }
}
