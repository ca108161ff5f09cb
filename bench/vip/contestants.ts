// The proxies of bench:vip, each a process of one thread that is pinned to one core.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, mkdtempSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const IP = '127.0.0.1';
/** Where the task listens; the load is the task too. */
export const TASK_PORT = 17_000;
/** The core of what is measured, and that of the load. */
export const CORE = { proxy: '0', load: '1' } as const;

const PROXIES = ['fairlead', 'haproxy', 'nginx', 'pipe'] as const;
export type Proxy = (typeof PROXIES)[number];
export const CONTESTANTS = ['direct', ...PROXIES] as const;
export type Contestant = (typeof CONTESTANTS)[number];

export interface Running {
  readonly name: Contestant;
  readonly port: number;
  /** Absent: nothing is in between. */
  readonly child?: ChildProcess;
}

export const STREAM_MODULE = '/usr/lib/nginx/modules/ngx_stream_module.so';
/** What one process may have open here. */
export const DESCRIPTORS =
  Number(spawnSync('/bin/sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }).stdout.trim()) || 1024;

/** For splicing; HAProxy does not start when connections and pipes could take more than there are descriptors. */
const PIPES = 128;

const haproxyConfig = (port: number): string => `global
  nbthread 1
  maxconn ${Math.floor(DESCRIPTORS / 2) - PIPES - 100}
  maxpipes ${PIPES}
defaults
  mode tcp
  option splice-auto
  timeout connect 2s
  timeout client 1h
  timeout server 1h
listen bench
  bind ${IP}:${port}
  server task ${IP}:${TASK_PORT}
`;

const nginxConfig = (port: number, folder: string): string => `load_module ${STREAM_MODULE};
daemon off;
master_process off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log crit;
events { worker_connections ${DESCRIPTORS - 100}; multi_accept on; }
stream {
  proxy_timeout 1h;
  tcp_nodelay on;
  server { listen ${IP}:${port} backlog=4096; proxy_pass ${IP}:${TASK_PORT}; }
}
`;

/** What is missing to run them all, as Debian packages. */
export function missingPeers(): string[] {
  const has = (command: string): boolean =>
    spawnSync(command, ['-v'], { stdio: 'ignore' }).error === undefined;
  const hasFile = (path: string): boolean => {
    try {
      accessSync(path);
      return true;
    } catch {
      return false;
    }
  };
  return [
    ...(has('haproxy') ? [] : ['haproxy']),
    ...(has('nginx') && hasFile(STREAM_MODULE) ? [] : ['nginx libnginx-mod-stream']),
    ...(has('gcc') ? [] : ['gcc libc6-dev']),
    ...(has('taskset') ? [] : ['util-linux']),
  ];
}

export function versions(): Record<string, string> {
  const first = (command: string, flag: string): string => {
    const { stdout, stderr } = spawnSync(command, [flag], { encoding: 'utf8' });
    return `${stdout}${stderr}`.split('\n')[0] ?? '';
  };
  return { node: process.version, haproxy: first('haproxy', '-v'), nginx: first('nginx', '-v') };
}

/**
 * Starts all of them.
 * @param own the script that plays `fairlead` and `pipe` when it is told to
 * @param running takes each as it starts, for {@link stopAll}
 */
export async function startAll(own: string, running: Running[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-bench-vip-'));
  const file = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  running.push({ name: 'direct', port: TASK_PORT });
  for (const [index, name] of PROXIES.entries()) {
    const port = TASK_PORT + 1 + index;
    const commands: Record<Proxy, string[]> = {
      fairlead: [process.execPath, '--expose-gc', own, '--serve', name, '--port', String(port)],
      pipe: [process.execPath, '--expose-gc', own, '--serve', name, '--port', String(port)],
      haproxy: ['haproxy', '-db', '-f', file('haproxy.cfg', haproxyConfig(port))],
      nginx: ['nginx', '-p', folder, '-c', file('nginx.conf', nginxConfig(port, folder))],
    };
    const child = spawn('taskset', ['-c', CORE.proxy, ...commands[name]], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    running.push({ name, port, child });
    await answers(name, port, child);
  }
}

export async function stopAll(running: readonly Running[]): Promise<void> {
  for (const { child } of running) {
    if (!child || child.exitCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
}

/** Resolves when something listens. */
async function answers(name: string, port: number, child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (child.exitCode !== null) throw new Error(`${name} ended with status ${child.exitCode} at its start`);
    const socket = connect({ host: IP, port });
    const isUp = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    });
    socket.destroy();
    if (isUp) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${name} does not listen on ${IP}:${port} after 10 s`);
}
