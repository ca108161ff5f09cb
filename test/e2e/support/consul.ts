import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn, type ChildProcess } from 'node:child_process';
import { createCertificates, type Certificates } from './consul-security.js';
import { until } from './poll.js';

/** A Consul server of its own on loopback, with state in a temporary directory: what an agent in a small site is. */
export interface ConsulAgent {
  readonly address: string;
  readonly dnsPort: number;
  /** With {@link ConsulOptions.tls}. */
  readonly certificates?: Certificates;
  /** Of its process, while it runs. */
  pid(): number | undefined;
  start(): Promise<void>;
  /** SIGKILL: nothing is said on the way out. */
  kill(): Promise<void>;
  /** Kills it and throws away what it knew. */
  forget(): Promise<void>;
  get(path: string): Promise<unknown>;
  put(path: string, body?: unknown): Promise<unknown>;
  close(): Promise<void>;
}

export interface ConsulOptions {
  /** HTTPS only, and only for clients with a certificate. */
  readonly tls?: boolean;
  /** Nothing is allowed without a token; this one, a UUID, may do everything. */
  readonly masterToken?: string;
  /** Further settings, in HCL. */
  readonly settings?: readonly string[];
}

export async function createConsul({
  tls = false,
  masterToken,
  settings: further = [],
}: ConsulOptions = {}): Promise<ConsulAgent> {
  const directory = await mkdtemp(join(tmpdir(), 'fairlead-consul-'));
  const [http, dns, server, serf] = [await freePort(), await freePort(), await freePort(), await freePort()];
  const address = `${tls ? 'https' : 'http'}://127.0.0.1:${http}`;
  const certificates = tls ? await createCertificates(directory) : undefined;
  let child: ChildProcess | undefined;
  const data = join(directory, 'data');
  const api = tls ? `http = -1 https = ${http}` : `http = ${http}`;
  const ports = `ports { ${api} dns = ${dns} server = ${server} serf_lan = ${serf} serf_wan = -1 grpc = -1 }`;
  const settings = [
    ...further,
    ...(certificates
      ? [
          `verify_incoming = true ca_file = "${certificates.ca}"`,
          `cert_file = "${certificates.serverCert}" key_file = "${certificates.serverKey}"`,
        ]
      : []),
    ...(masterToken === undefined
      ? []
      : [
          'acl { enabled = true default_policy = "deny" }',
          `acl { tokens { master = "${masterToken}" agent = "${masterToken}" } }`,
        ]),
  ];
  const call = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const pems = certificates && {
      ca: readFileSync(certificates.ca),
      cert: readFileSync(certificates.clientCert),
      key: readFileSync(certificates.clientKey),
    };
    const { status, text } = await send(method, `${address}/v1${path}`, body, masterToken, pems);
    if (status !== 200) throw new Error(`${method} ${path}: ${status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  };
  const agent: ConsulAgent = {
    address,
    dnsPort: dns,
    ...(certificates && { certificates }),
    pid: () => child?.pid,
    async start() {
      child = spawn(
        'consul',
        [
          ...['agent', '-server', '-bootstrap', '-bind=127.0.0.1', `-data-dir=${data}`, '-node=n1'],
          ...['-log-level=err', '-hcl', ports, '-hcl', 'performance { raft_multiplier = 1 }'],
          ...settings.flatMap((text) => ['-hcl', text]),
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
    put: (path, body) => call('PUT', path, body),
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

function send(
  method: string,
  url: string,
  body: unknown,
  token: string | undefined,
  pems: object | undefined,
): Promise<{ status: number; text: string }> {
  const headers = token === undefined ? {} : { 'x-consul-token': token };
  return new Promise((resolve, reject) => {
    const request = (pems ? httpsRequest : httpRequest)(
      url,
      { method, headers, agent: false, ...pems },
      (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('error', reject);
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      },
    );
    request.on('error', reject);
    request.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
