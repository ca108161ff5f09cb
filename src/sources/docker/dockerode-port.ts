import { Agent, type IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { inspect } from 'node:util';
import type Docker from 'dockerode';
import { isRawObject, rawNumber, rawText } from './raw.js';
import { DockerError, type ConnectDocker, type DockerPort } from './port.js';
import { printable } from '../../text/printable.js';
import { errorMessage } from '../../net/error-message.js';

/** The newest API against which this code was checked. Engines support older versions for years. */
const newestApi = '1.47';
const oldestApi = '1.41';

/**
 * Event types and actions that change a fact. `health_status` makes the engine match all of them as prefixes (moby
 * daemon/events/filter.go). That still excludes `exec_*`, of which each health probe causes three.
 */
const eventFilters = {
  type: ['container', 'network'],
  event: [
    ...['create', 'start', 'die', 'kill', 'pause', 'unpause', 'rename', 'destroy', 'update', 'health_status'],
    ...['connect', 'disconnect', 'remove'],
  ],
};

/**
 * The API version to pin: the older one of the engine's and ours. Without a pin the engine answers in its newest
 * format, which may change at its next upgrade.
 * @param offered the `Api-Version` header of `/_ping`
 * @throws DockerError if the engine is too old or reports no version
 */
export function negotiateApi(offered: string | undefined): string {
  const minor = minorOf(offered);
  if (minor === undefined) {
    throw new DockerError(
      'it reports no API version; check that sources.docker.socket belongs to a Docker engine',
    );
  }
  const oldest = Number(minorOf(oldestApi));
  if (minor < oldest) {
    throw new DockerError(
      `its API 1.${minor} is older than ${oldestApi}; upgrade the engine to 20.10 or later`,
    );
  }
  return minor < Number(minorOf(newestApi)) ? `1.${minor}` : newestApi;
}

function minorOf(version: string | undefined): number | undefined {
  const match = /^1\.(\d{1,4})$/.exec(version ?? '');
  return match ? Number(match[1]) : undefined;
}

/** Talks to an engine with dockerode over a unix socket. */
export const connectByDockerode: ConnectDocker = async (socket, timeouts, signal) => {
  const { default: Client } = await import('dockerode');
  const agent = opaque(new Agent({ keepAlive: true }));
  // Otherwise DOCKER_HOST would lead to another engine, and DOCKER_CLIENT_TIMEOUT would cut the quiet event stream.
  const fixed = { socketPath: socket, host: undefined, protocol: 'http', timeout: undefined, agent } as const;
  const calls = new Calls();
  const give = () => {
    calls.close();
    agent.destroy();
  };
  signal.addEventListener('abort', give, { once: true });
  try {
    const hello = await calls.run('ping', timeouts.connect, (abort) => ping(new Client(fixed), abort));
    const apiVersion = negotiateApi(headerText(hello.headers['api-version']));
    const docker = new Client({ ...fixed, version: `v${apiVersion}` });
    return new DockerodePort(docker, calls, timeouts.call, {
      apiVersion,
      engineVersion: /^Docker\/([\w.+~-]+)/.exec(headerText(hello.headers.server) ?? '')?.[1] ?? '',
      connectedAt: Date.parse(headerText(hello.headers.date) ?? '') || Date.now(),
      close: give,
    });
  } catch (error) {
    give();
    throw error;
  } finally {
    signal.removeEventListener('abort', give);
  }
};

function headerText(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.[0];
}

/** dockerode's own `ping` hides the headers, which are what we need. */
function ping(docker: Docker, abortSignal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const statusCodes = { 200: true, 500: 'server error' };
    const dial = { path: '/_ping', method: 'GET', isStream: true, statusCodes, abortSignal };
    (docker.modem as Modem).dial(dial, (error, response) => {
      if (error !== null) {
        reject(error);
        return;
      }
      response.on('error', () => undefined);
      response.resume();
      resolve(response);
    });
  });
}

/** The part of docker-modem that is used; dockerode's types do not describe it. */
interface Modem {
  dial(options: object, done: (error: Error | null, response: IncomingMessage) => void): void;
}

interface AskedEngine {
  info(options: { readonly abortSignal: AbortSignal }): Promise<unknown>;
}

interface InspectedExec {
  inspect(options: { readonly abortSignal: AbortSignal }): Promise<unknown>;
}

class DockerodePort implements DockerPort {
  readonly apiVersion: string;
  readonly engineVersion: string;
  readonly connectedAt: number;
  readonly close: () => void;
  readonly #docker: Docker;
  readonly #calls: Calls;
  readonly #timeout: number;

  constructor(
    docker: Docker,
    calls: Calls,
    timeout: number,
    about: Pick<DockerPort, 'apiVersion' | 'engineVersion' | 'connectedAt' | 'close'>,
  ) {
    this.#docker = docker;
    this.#calls = calls;
    this.#timeout = timeout;
    this.apiVersion = about.apiVersion;
    this.engineVersion = about.engineVersion;
    this.connectedAt = about.connectedAt;
    this.close = about.close;
  }

  async ping(): Promise<void> {
    await this.#calls.run('ping', this.#timeout, (abort) => ping(this.#docker, abort));
  }

  info(): Promise<unknown> {
    return this.#call('asking what it is', (abortSignal) =>
      // The types leave out the options, which dockerode reads.
      (this.#docker as unknown as AskedEngine).info({ abortSignal }),
    );
  }

  listContainers(): Promise<unknown> {
    return this.#call('listing containers', (abortSignal) =>
      this.#docker.listContainers({ all: true, abortSignal }),
    );
  }

  inspectContainer(id: string): Promise<unknown> {
    return this.#call('inspecting it', (abortSignal) =>
      this.#docker.getContainer(id).inspect({ abortSignal }),
    );
  }

  listNetworks(): Promise<unknown> {
    return this.#call('listing networks', (abortSignal) => this.#docker.listNetworks({ abortSignal }));
  }

  inspectNetwork(id: string): Promise<unknown> {
    // dockerode accepts no signal here. The call is abandoned anyway, and its connection ends with the port.
    return this.#call('inspecting a network', () => this.#docker.getNetwork(id).inspect());
  }

  async events(since: number): Promise<Readable> {
    return this.#stream('opening the event stream', (abortSignal) => {
      const options = { since: Math.floor(since), filters: JSON.stringify(eventFilters), abortSignal };
      return this.#docker.getEvents(options);
    });
  }

  async createExec(
    container: string,
    { argv, env }: { readonly argv: readonly string[]; readonly env: readonly string[] },
    signal: AbortSignal,
  ): Promise<string> {
    const what = 'preparing a program in it';
    const given = { AttachStdout: true, AttachStderr: true, Cmd: [...argv], Env: [...env] };
    const created = await this.#call(
      what,
      (abortSignal) => this.#docker.getContainer(container).exec({ ...given, abortSignal }),
      signal,
    );
    const id = isRawObject(created) ? rawText(created.id) : undefined;
    if (id === undefined) throw new DockerError(`${what}: the answer has no id`);
    return id;
  }

  startExec(id: string, signal: AbortSignal): Promise<Readable> {
    return this.#stream(
      'starting a program in it',
      (abortSignal) => this.#docker.getExec(id).start({ Detach: false, Tty: false, abortSignal }),
      signal,
    );
  }

  inspectExec(id: string, signal: AbortSignal): Promise<unknown> {
    return this.#call(
      'asking how the program ended',
      // The types leave out the options, which dockerode reads.
      (abortSignal) => (this.#docker.getExec(id) as InspectedExec).inspect({ abortSignal }),
      signal,
    );
  }

  async #stream(
    what: string,
    run: (abort: AbortSignal) => Promise<unknown>,
    signal?: AbortSignal,
  ): Promise<Readable> {
    const stream = await this.#calls.run(what, this.#timeout, run, signal);
    if (!(stream instanceof Readable))
      throw new DockerError(`${what}: the answer has no stream; restart the engine`);
    // The reader attaches a turn later. Until then an error needs a handler.
    stream.on('error', () => undefined);
    return stream;
  }

  async #call(
    what: string,
    run: (abort: AbortSignal) => Promise<unknown>,
    signal?: AbortSignal,
  ): Promise<unknown> {
    const answer = await this.#calls.run(what, this.#timeout, run, signal);
    // docker-modem returns the bytes of an answer that is not JSON.
    if (answer instanceof Uint8Array) throw new DockerError(`${what}: the answer is not JSON`);
    return answer;
  }
}

/** Pending calls: each has a deadline, and all end with the port. */
class Calls {
  readonly #open = new Set<() => void>();
  #closed = false;

  /** @param given ends the call early, and the stream that it returns */
  run<T>(
    what: string,
    ms: number,
    call: (abort: AbortSignal) => Promise<T>,
    given?: AbortSignal,
  ): Promise<T> {
    if (this.#closed) return Promise.reject(new DockerError(`${what}: the connection was closed`));
    if (given?.aborted === true) return Promise.reject(new DockerError(`${what}: given up`));
    const controller = new AbortController();
    return new Promise((resolve, reject) => {
      const stop = (why: string, code?: string) => {
        release();
        reject(new DockerError(`${what}: ${why}`, { code }));
        controller.abort();
      };
      const end = () => stop('the connection was closed');
      const giveUp = () => stop('given up');
      const timer = setTimeout(() => stop(`no answer within ${ms / 1000} s`, 'ETIMEDOUT'), ms);
      const release = () => {
        this.#open.delete(end);
        given?.removeEventListener('abort', giveUp);
      };
      this.#open.add(end);
      given?.addEventListener('abort', giveUp);
      call(opaque(controller.signal))
        .then((answer) => {
          // The end of the call must also end the stream.
          if (answer instanceof Readable && !answer.destroyed) answer.once('close', release);
          else release();
          resolve(answer);
        })
        .catch((error: unknown) => {
          release();
          reject(asDockerError(error));
        })
        .finally(() => clearTimeout(timer));
    });
  }

  close(): void {
    this.#closed = true;
    for (const end of this.#open) end();
    this.#open.clear();
  }
}

function asDockerError(error: unknown): DockerError {
  if (error instanceof DockerError) return error;
  const fields = isRawObject(error) ? error : {};
  const status = rawNumber(fields.statusCode);
  const reason = isRawObject(fields.json) ? rawText(fields.json.message) : undefined;
  const text = reason ?? errorMessage(error);
  const what = status === undefined ? printable(text) : `the engine answered ${status}: ${printable(text)}`;
  return new DockerError(what, { status, code: rawText(fields.code) });
}

/**
 * docker-modem formats the options of each request to any depth for debugging, even if debugging is off (lib/modem.js,
 * `buildRequest`). For an agent with its sockets that takes 10 to 30 ms, in which no query is answered.
 */
function opaque<T extends object>(value: T): T {
  return Object.defineProperty(value, inspect.custom, { value: () => value.constructor.name });
}
