import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn, type ChildProcess } from 'node:child_process';
import { until } from './poll.js';

/** A Consul server of its own on loopback, with state in a temporary directory: what an agent in a small site is. */
export interface ConsulAgent {
  readonly address: string;
  readonly dnsPort: number;
  start(): Promise<void>;
  /** SIGKILL: nothing is said on the way out. */
  kill(): Promise<void>;
  /** Kills it and throws away what it knew. */
  forget(): Promise<void>;
  get(path: string): Promise<unknown>;
  put(path: string, body?: unknown): Promise<void>;
  close(): Promise<void>;
}

export async function createConsul(): Promise<ConsulAgent> {
  const directory = await mkdtemp(join(tmpdir(), 'fairlead-consul-'));
  const [http, dns, server, serf] = [await freePort(), await freePort(), await freePort(), await freePort()];
  const address = `http://127.0.0.1:${http}`;
  let child: ChildProcess | undefined;
  const data = join(directory, 'data');
  const ports = `ports { http = ${http} dns = ${dns} server = ${server} serf_lan = ${serf} serf_wan = -1 grpc = -1 }`;
  const call = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(`${address}/v1${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  };
  const agent: ConsulAgent = {
    address,
    dnsPort: dns,
    async start() {
      child = spawn(
        'consul',
        [
          ...['agent', '-server', '-bootstrap', '-bind=127.0.0.1', `-data-dir=${data}`, '-node=n1'],
          ...['-log-level=err', '-hcl', ports, '-hcl', 'performance { raft_multiplier = 1 }'],
        ],
        { stdio: 'ignore' },
      );
      await until(
        'Consul has a leader',
        () => call('GET', '/status/leader'),
        (leader) => leader !== '',
        {
          within: 30_000,
        },
      );
      // A leader reads what the log has before it knows its own node.
      await until(
        'Consul knows its node',
        () => call('GET', '/catalog/nodes'),
        (nodes) => (nodes as unknown[]).length > 0,
        {
          within: 30_000,
        },
      );
    },
    async kill() {
      const ending = child;
      child = undefined;
      if (!ending || ending.exitCode !== null || ending.signalCode !== null) return;
      const ended = new Promise((resolve) => ending.once('exit', resolve));
      ending.kill('SIGKILL');
      await ended;
    },
    async forget() {
      await agent.kill();
      await rm(data, { recursive: true, force: true });
    },
    get: (path) => call('GET', path),
    put: async (path, body) => {
      await call('PUT', path, body);
    },
    async close() {
      await agent.kill();
      await rm(directory, { recursive: true, force: true });
    },
  };
  return agent;
}

async function freePort(): Promise<number> {
  const server = createServer();
  return await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
