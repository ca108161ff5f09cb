import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { ownPort } from '../support/own-port.js';

export interface FakeCheck {
  CheckID: string;
  Name: string;
  Status: string;
  Notes: string;
  ServiceID: string;
  Type: string;
  Output?: string;
  Definition?: Record<string, unknown>;
}

export interface FakeInstance {
  Node: { Node: string; Address: string; Datacenter: string };
  Service: {
    ID: string;
    Service: string;
    Tags: string[];
    Address: string;
    Port: number;
    Meta: Record<string, string> | null;
    Weights: { Passing: number; Warning: number };
  };
  Checks: FakeCheck[];
}

let agents = 0;

/** An agent's HTTP API in memory, with blocking queries, and with every way to misbehave. One node, one datacenter. */
export class FakeConsul {
  readonly instances = new Map<string, FakeInstance>();
  /** `GET /v1/...` and `PUT /v1/...` as they came, with their query. */
  readonly requests: string[] = [];
  readonly tokens = new Set<string>();
  /** What is answered instead of the truth; returns false to answer the truth. */
  fault: (request: IncomingMessage, response: ServerResponse) => boolean = () => false;
  /** An address of its own: it listens there again after it was away. */
  readonly host = `127.95.0.${++agents % 256}`;
  #index = 10;
  readonly #indexes = new Map<string, number>();
  readonly #waiting = new Set<() => void>();
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;

  get address(): string {
    return `http://${this.host}:${ownPort}`;
  }

  get index(): number {
    return this.#index;
  }

  /** Makes the index go back, as a restored snapshot does. */
  set index(index: number) {
    this.#index = index;
    for (const name of this.#indexes.keys()) this.#indexes.set(name, index);
    this.#wake();
  }

  async up(): Promise<void> {
    const server = createServer((request, response) => void this.#serve(request, response));
    server.keepAliveTimeout = 60_000;
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(ownPort, this.host, resolve);
    });
  }

  async down(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const socket of this.#sockets) socket.destroy();
    this.#wake();
    await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
  }

  put(name: string, id: string, over: Partial<FakeInstance['Service']> = {}, checks: FakeCheck[] = []): void {
    this.instances.set(id, {
      Node: { Node: 'n1', Address: '192.0.2.1', Datacenter: 'dc1' },
      Service: {
        ...{ ID: id, Service: name, Tags: [], Address: '', Port: 80, Meta: {} },
        Weights: { Passing: 1, Warning: 1 },
        ...over,
      },
      Checks: checks,
    });
    this.changed(name);
  }

  remove(id: string): void {
    const name = this.instances.get(id)?.Service.Service;
    if (!this.instances.delete(id) || name === undefined) return;
    this.changed(name);
  }

  changed(name: string): void {
    this.#index++;
    this.#indexes.set(name, this.#index);
    this.#indexes.set('', this.#index);
    this.#wake();
  }

  count(pattern: RegExp): number {
    return this.requests.filter((each) => pattern.test(each)).length;
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', 'http://consul');
    this.requests.push(`${request.method ?? ''} ${url.pathname}${url.search}`);
    const token = request.headers['x-consul-token'];
    if (typeof token === 'string') this.tokens.add(token);
    let body = '';
    for await (const chunk of request) body += String(chunk);
    if (this.fault(request, response)) return;
    const path = url.pathname.replace(/^\/v1/, '');
    if (request.method === 'PUT') {
      this.#write(path, url, body, response);
      return;
    }
    const name = path.startsWith('/health/service/')
      ? decodeURIComponent(path.slice('/health/service/'.length))
      : '';
    if (path.startsWith('/agent/service/')) {
      await this.#agentService(decodeURIComponent(path.slice('/agent/service/'.length)), url, response);
      return;
    }
    await this.#block(name, url, response);
    if (response.destroyed) return;
    const indexed = path.startsWith('/health/') || path.startsWith('/catalog/');
    response.writeHead(200, {
      'content-type': 'application/json',
      ...(indexed && { 'X-Consul-Index': String(this.#indexOf(name)), 'X-Consul-Knownleader': 'true' }),
    });
    response.end(JSON.stringify(this.#read(path, name)));
  }

  #indexOf(name: string): number {
    const exists = [...this.instances.values()].some(({ Service }) => Service.Service === name);
    return (exists ? this.#indexes.get(name) : this.#indexes.get('')) ?? this.#index;
  }

  async #block(name: string, url: URL, response: ServerResponse): Promise<void> {
    const index = Number(url.searchParams.get('index') ?? 0);
    if (index === 0) return;
    while (this.#server && !response.destroyed && this.#indexOf(name) <= index && this.#indexOf(name) >= 10) {
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#waiting.delete(wake);
          resolve();
        };
        this.#waiting.add(wake);
        response.once('close', wake);
      });
      // The real one returns when its index goes back as well, at the end of the wait: here at once.
      if (this.#indexOf(name) < index) return;
    }
  }

  /** Blocks by hash, as the agent does. */
  async #agentService(id: string, url: URL, response: ServerResponse): Promise<void> {
    const hashOf = () => {
      const service = this.instances.get(id)?.Service;
      return service && createHash('md5').update(JSON.stringify(service)).digest('hex');
    };
    while (this.#server && !response.destroyed && url.searchParams.get('hash') === hashOf()) {
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#waiting.delete(wake);
          resolve();
        };
        this.#waiting.add(wake);
        response.once('close', wake);
      });
    }
    const service = this.instances.get(id)?.Service;
    response.writeHead(service ? 200 : 404, { 'content-type': service ? 'application/json' : 'text/plain' });
    response.end(
      service ? JSON.stringify({ ...service, ContentHash: hashOf() }) : `unknown service ID: ${id}`,
    );
  }

  /** The agent forgets everything, as one does that was started with an empty data directory. */
  forget(): void {
    this.instances.clear();
    this.#index++;
    this.#wake();
  }

  #read(path: string, name: string): unknown {
    const all = [...this.instances.values()];
    if (path === '/catalog/services') {
      // Consul's own service is always there.
      return { consul: [], ...Object.fromEntries(all.map(({ Service }) => [Service.Service, Service.Tags])) };
    }
    if (path === '/agent/services') {
      return Object.fromEntries(all.map(({ Service }) => [Service.ID, Service]));
    }
    if (path === '/agent/checks') {
      return Object.fromEntries(all.flatMap(({ Checks }) => Checks.map((check) => [check.CheckID, check])));
    }
    return all.filter(({ Service }) => Service.Service === name);
  }

  #write(path: string, url: URL, body: string, response: ServerResponse): void {
    const done = (status = 200, text = '') => {
      response.writeHead(status, { 'content-type': 'text/plain' });
      response.end(text);
    };
    const id = decodeURIComponent(path.split('/').slice(4).join('/'));
    if (path === '/agent/service/register') {
      const given = JSON.parse(body) as FakeInstance['Service'] & {
        Name: string;
        Check?: { Status?: string; Name?: string; Notes?: string };
      };
      const bad = Object.keys(given.Meta ?? {}).find((key) => !/^[\w-]{1,128}$/.test(key));
      if (bad !== undefined) {
        done(400, `Invalid Service Meta: Couldn't load metadata pair ('${bad}')`);
        return;
      }
      const { Name, Check, ...service } = given;
      const check: FakeCheck = {
        CheckID: `service:${service.ID}`,
        Name: Check?.Name ?? '',
        Status: Check?.Status ?? 'critical',
        Notes: Check?.Notes ?? '',
        ServiceID: service.ID,
        Type: 'ttl',
      };
      this.put(Name, service.ID, service, Check ? [check] : []);
      {
        done();
        return;
      }
    }
    if (path.startsWith('/agent/service/deregister/')) {
      this.remove(id);
      {
        done();
        return;
      }
    }
    if (path.startsWith('/agent/service/maintenance/')) {
      const instance = this.instances.get(id);
      if (!instance) {
        done(404, `Unknown service ID "${id}"`);
        return;
      }
      const check = `_service_maintenance:${id}`;
      instance.Checks = instance.Checks.filter(({ CheckID }) => CheckID !== check);
      if (url.searchParams.get('enable') === 'true')
        instance.Checks.push({
          ...{ CheckID: check, Name: 'Service Maintenance Mode', Status: 'critical', ServiceID: id },
          Notes: url.searchParams.get('reason') ?? '',
          Type: 'maintenance',
        });
      this.changed(instance.Service.Service);
      {
        done();
        return;
      }
    }
    if (path.startsWith('/agent/check/update/')) {
      const { Status, Output = '' } = JSON.parse(body) as { Status: string; Output?: string };
      for (const instance of this.instances.values()) {
        const check = instance.Checks.find(({ CheckID }) => CheckID === id);
        if (!check) continue;
        // The real one writes another output alone some minutes later, which ends the waits of those who watch the service.
        if (check.Status !== Status || (check.Output ?? '') !== Output) {
          check.Status = Status;
          check.Output = Output;
          this.changed(instance.Service.Service);
        }
        {
          done();
          return;
        }
      }
      {
        done(500, `CheckID "${id}" does not have associated TTL`);
        return;
      }
    }
    {
      done(404);
      return;
    }
  }
}
