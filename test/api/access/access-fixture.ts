import { readFileSync } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import { request as requestOverTls } from 'node:https';
import type { Role } from '../../../src/api/types/access-json.js';
import type { ApiServerOptions } from '../../../src/api/api-server.js';
import type { TlsSource } from '../../../src/api/http-face.js';
import { ask, load, startApi, task, type Fixture } from '../fixture.js';

const pem = (file: string): string =>
  readFileSync(new URL(`../../dns/forward/fixtures/${file}`, import.meta.url), 'utf8');

export const CA = pem('ca.pem');

/** A certificate for 127.0.0.1, and then another for `dns.example`, with the same key. */
export class FakeTls implements TlsSource {
  #file = 'address.pem';
  readonly #listeners = new Set<() => void>();

  current(): { readonly cert: string; readonly key: string } {
    return { cert: pem(this.#file), key: pem('server.key') };
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  replace(): void {
    this.#file = 'name.pem';
    for (const listener of this.#listeners) listener();
  }
}

/** Where a request goes. */
export type Way =
  | { readonly socket: string }
  | { readonly port: number; readonly tls?: boolean; readonly servername?: string };

export interface Sent {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Got {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  /** What has come when the answer ended, or, of an answer without an end, nothing. */
  readonly text: string;
  readonly json: Readonly<Record<string, unknown>>;
}

/** One request, as a browser or a program would make it. Streams are left as soon as they begin. */
export function send(way: Way, { method = 'GET', path, headers = {}, body }: Sent): Promise<Got> {
  const target = 'socket' in way ? { socketPath: way.socket } : { host: '127.0.0.1', port: way.port };
  const open = 'tls' in way && way.tls ? requestOverTls : request;
  const { servername } = way as { servername?: string };
  return new Promise((resolve, reject) => {
    const outgoing = open(
      {
        ...target,
        method,
        path,
        agent: false,
        headers,
        ca: CA,
        ...(servername !== undefined && { servername }),
      },
      (response) => {
        const isStream = (response.headers['content-type'] ?? '').startsWith('application/x-ndjson');
        let text = '';
        const done = (): void => {
          const type = response.headers['content-type'] ?? '';
          const json =
            /json;/.test(type) && !isStream && text !== ''
              ? (JSON.parse(text) as Record<string, unknown>)
              : {};
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json });
        };
        if (isStream && (path === '/v1/watch' || path.includes('follow'))) {
          done();
          response.destroy();
          return;
        }
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', done);
      },
    );
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}

export const bearer = (token: string): { readonly authorization: string } => ({
  authorization: `Bearer ${token}`,
});

/** Makes a token over the unix socket, as the command does. */
export async function makeToken(
  socket: string,
  name: string,
  role: Role,
  limits: {
    readonly environments?: readonly string[];
    readonly stacks?: readonly string[];
    readonly for?: string;
  } = {},
): Promise<string> {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ name, role, ...limits });
  const { body: made } = await ask(socket, '/v1/tokens', { method: 'POST', headers, body });
  return made['token'] as string;
}

export interface Session {
  readonly cookie: string;
  readonly csrf: string;
}

/** Logs in as a page would. */
export async function login(
  way: Way,
  token: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Session> {
  const got = await send(way, {
    method: 'POST',
    path: '/v1/login',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ token }),
  });
  const [cookie = ''] = got.headers['set-cookie'] ?? [];
  return { cookie: cookie.split(';')[0] ?? '', csrf: String(got.json['csrf']) };
}

/** The id of a task in a stack that tokens of these tests are not for. */
export const HIDDEN_ID = 'bb'.padEnd(64, '0');

export interface Guarded {
  readonly fixture: Fixture;
  readonly way: { readonly port: number; readonly tls: boolean };
}

/** An API on a unix socket and on a port of loopback, with the facts of two stacks; it needs tokens by default. */
export async function startGuarded(
  options: {
    readonly tls?: FakeTls;
    readonly timers?: NonNullable<ApiServerOptions['timers']>;
    readonly access?: Partial<ApiServerOptions['access']>;
    readonly limits?: NonNullable<ApiServerOptions['limits']>;
  } = {},
): Promise<Guarded> {
  const { tls, timers, access, limits } = options;
  const fixture = await startApi({
    tcp: true,
    ...(timers && { timers }),
    ...(limits && { limits }),
    access: { needsTokens: true, ...(tls && { tls }), ...access },
  });
  load(fixture);
  const service = { environment: 'default', stack: 'quarry', service: 'vault' };
  fixture.sink.update({
    tasks: [
      task(HIDDEN_ID, 'quarry_db_1', '10.42.9.77', {
        stack: 'quarry',
        service,
        endpoints: [{ network: 'net-quarry', ip: '10.42.9.77' }],
      }),
    ],
    networks: [
      {
        id: 'net-quarry',
        name: 'quarry_net',
        driver: 'bridge',
        internal: false,
        subnets: ['10.42.9.0/24'],
        gateways: [],
      },
    ],
  });
  return { fixture, way: { port: portOf(fixture), tls: tls !== undefined } };
}

export function portOf({ server }: Pick<Fixture, 'server'>): number {
  const tcp = server.addresses().find((address) => !address.startsWith('unix:')) ?? '';
  return Number(tcp.split(':')[1]);
}
