import type { ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Client } from './client-network.js';
import { getOverSocket, type HttpAnswer } from './http.js';
import { until } from './poll.js';

const tasksScript = fileURLToPath(new URL('../fixtures/stubs/tasks.ts', import.meta.url));
const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Starts the web server that answers at every address of the client's namespace; it says at which it was asked. */
export async function startTasks(client: Client, port: number): Promise<void> {
  const child = client.spawn(process.execPath, ['--import', 'tsx', tasksScript, String(port)], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (child.stdout === null) throw new Error('the tasks have no standard output');
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  await until('the tasks are ready', () => Promise.resolve(lines.includes('ready')), Boolean);
}

export interface Nginx {
  get(path: string): Promise<HttpAnswer>;
  readonly log: () => string;
}

/** What nginx is started with: locations of one server, or a whole file in which that server listens at port 80. */
export type NginxOptions =
  | { /** Path to the text of the location. */ readonly locations: Readonly<Record<string, string>> }
  | { readonly text: string };

/** nginx in the foreground, at a unix socket; ends with the namespace. */
export async function startNginx(client: Client, dir: string, options: NginxOptions): Promise<Nginx> {
  const socket = join(dir, 'nginx.sock');
  const file = writeNginxConf(dir, socket, options);
  const log = (): string => `nginx says:\n${readFileSync(join(dir, 'nginx.log'), 'utf8')}`;
  const child = client.spawn('nginx', nginxArguments(dir, file), { stdio: ['ignore', 'ignore', 'inherit'] });
  await untilListens('nginx', child, socket, log);
  return { get: (path) => getOverSocket(socket, path), log };
}

/** Whether nginx would start, and what it says to that. */
export async function testNginx(
  client: Client,
  dir: string,
  options: NginxOptions,
): Promise<{ readonly starts: boolean; readonly says: string }> {
  const file = writeNginxConf(dir, join(dir, 'nginx-test.sock'), options);
  const { code, stderr } = await client.run('nginx', [...nginxArguments(dir, file), '-t']);
  return { starts: code === 0, says: stderr };
}

const nginxArguments = (dir: string, file: string): string[] => [
  ...['-p', dir, '-c', file],
  ...['-e', join(dir, 'nginx.log')],
];

function writeNginxConf(dir: string, socket: string, options: NginxOptions): string {
  const file = `${socket}.conf`;
  const spool = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${dir};`,
  );
  const process = `daemon off; master_process off; pid ${socket}.pid;`;
  const http = `http { access_log off; ${spool.join(' ')}`;
  if ('text' in options) {
    const ours = options.text.replace('http {', http).replace('listen 80;', `listen unix:${socket};`);
    writeFileSync(file, `${process}\n${ours}`);
    return file;
  }
  const places = Object.entries(options.locations).map(([path, text]) => `location = ${path} { ${text} }`);
  writeFileSync(
    file,
    `
    ${process}
    events {}
    ${http}
      resolver 169.254.169.250 valid=1s;
      server { listen unix:${socket}; ${places.join('\n')} }
    }
    `,
  );
  return file;
}

export interface Haproxy {
  /** GET at the frontend of a backend. */
  get(backend: string): Promise<HttpAnswer>;
  /** `address:port` of the servers of a backend that are not in maintenance, sorted. */
  servers(backend: string): Promise<readonly string[]>;
  /** Counters of a `resolvers` section: `nx`, `refused`, `timeout`, `valid` and others. */
  counters(resolvers: string): Promise<Readonly<Record<string, number>>>;
  readonly log: () => string;
}

export interface HaproxyOptions {
  /** The text of `resolvers` sections. */
  readonly resolvers: string;
  /** Backend to its lines; a frontend of the same name leads to it. */
  readonly backends: Readonly<Record<string, string>>;
}

/** HAProxy in the foreground, at unix sockets; ends with the namespace. */
export async function startHaproxy(client: Client, dir: string, options: HaproxyOptions): Promise<Haproxy> {
  const file = join(dir, 'haproxy.cfg');
  const stats = join(dir, 'haproxy.sock');
  const socketOf = (backend: string): string => join(dir, `haproxy-${backend}.sock`);
  const proxies = Object.entries(options.backends).map(
    ([name, lines]) =>
      `frontend ${name}-in\n  bind unix@${socketOf(name)}\n  default_backend ${name}\nbackend ${name}\n${lines}\n`,
  );
  writeFileSync(
    file,
    `global\n  stats socket ${stats} level admin\ndefaults\n  mode http\n  timeout client 5s\n  timeout server 5s\n  timeout connect 1s\n${options.resolvers}\n${proxies.join('')}`,
  );
  const logPath = join(dir, 'haproxy.log');
  const out = openSync(logPath, 'a');
  const child = client.spawn('haproxy', ['-db', '-f', file], { stdio: ['ignore', out, out] });
  closeSync(out);
  const log = (): string => `HAProxy says:\n${readFileSync(logPath, 'utf8')}`;
  await untilListens('HAProxy', child, stats, log);
  return {
    log,
    get: (backend) => getOverSocket(socketOf(backend), '/'),
    servers: async (backend) => serversIn(await converse(stats, `show servers state ${backend}`)),
    counters: async (resolvers) => countersIn(await converse(stats, `show resolvers ${resolvers}`)),
  };
}

/** The bit of srv_admin_state that says that the resolution has put a server in maintenance (SRV_ADMF_RMAINT). */
const NOT_RESOLVED = 0x20;

/** `show servers state`: a version, a line with the names of the fields, then a line a server. */
function serversIn(text: string): readonly string[] {
  const [, header = '', ...lines] = text.trim().split('\n');
  const names = header.replace(/^# /, '').split(' ');
  const field = (line: string, name: string): string => line.split(' ')[names.indexOf(name)] ?? '';
  return lines
    .filter((line) => (Number(field(line, 'srv_admin_state')) & NOT_RESOLVED) === 0)
    .map((line) => `${field(line, 'srv_addr')}:${field(line, 'srv_port')}`)
    .sort();
}

function countersIn(text: string): Readonly<Record<string, number>> {
  const found = [...text.matchAll(/^ *(\w+): +(\d+)$/gm)];
  return Object.fromEntries(found.map(([, name = '', count]) => [name, Number(count)]));
}

/** One command at HAProxy's stats socket. */
async function converse(path: string, command: string): Promise<string> {
  return await new Promise((resolve, reject) => {
    const socket = connect(path, () => socket.write(`${command}\n`));
    let text = '';
    socket.setEncoding('utf8');
    socket.setTimeout(2_000, () => socket.destroy(new Error(`${command}: no answer within 2 s`)));
    socket.on('data', (chunk: string) => (text += chunk));
    socket.on('error', reject);
    socket.on('end', () => resolve(text));
  });
}

async function untilListens(
  what: string,
  child: ChildProcess,
  socket: string,
  log: () => string,
): Promise<void> {
  const look = (): Promise<string> =>
    Promise.resolve(child.exitCode !== null ? 'ended' : existsSync(socket) ? 'listens' : 'starts');
  const state = await until(`${what} listens`, look, (seen) => seen !== 'starts', { context: log });
  if (state === 'ended') throw new Error(`${what} ended by itself with ${child.exitCode}\n${log()}`);
}
