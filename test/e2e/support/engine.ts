import type { ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { endChild, isRunning } from './child.js';
import type { EngineVersion } from './engine-version.js';
import { getOverSocket } from './http.js';
import type { Netns } from './netns.js';
import { until } from './poll.js';

export interface EngineOptions {
  /** Containers outlive the engine. */
  readonly liveRestore?: boolean;
  /** The engine-wide `--dns`. Default 169.254.169.250, as docs/configuration.md tells a user to set it. */
  readonly dns?: string;
  /** Default: the installed one. */
  readonly version?: EngineVersion;
}

/** A Docker engine of the suite's own: its data, its socket, its network. */
export interface Engine {
  /** The Unix socket's path. */
  readonly socket: string;
  /** Resolves when the engine answers `/_ping`; does nothing when it runs already. */
  start(): Promise<void>;
  /** Asks it to stop (SIGTERM) and waits until it has. */
  stop(): Promise<void>;
  /** Kills it (SIGKILL): nothing is told to anybody. */
  crash(): Promise<void>;
  /** Stops it, and containerd under it. */
  close(): Promise<void>;
  /** The last lines of its log. */
  readonly log: () => string;
}

/**
 * Starts a containerd and prepares an engine on it; the engine does not run yet. containerd is a process of its own, as
 * distributions set it up, so that an engine that is killed does not take it along. The engine makes its own bridges
 * and filter rules, so it must have a namespace to itself.
 *
 * @param dir an existing directory for data, sockets and logs
 * @param directories where the engine's programs are, besides the search path
 */
export function createEngine(
  netns: Netns,
  dir: string,
  options: EngineOptions = {},
  directories: readonly string[] = [],
): Engine {
  const socket = join(dir, 'docker.sock');
  const logPath = join(dir, 'dockerd.log');
  for (const name of ['data', 'exec']) mkdirSync(join(dir, name), { recursive: true });
  const env = { ...process.env, PATH: [...directories, process.env['PATH']].join(delimiter) };
  const containerd = startContainerd(netns, dir, env);
  const args = [
    `--data-root=${join(dir, 'data')}`,
    `--exec-root=${join(dir, 'exec')}`,
    `--pidfile=${join(dir, 'dockerd.pid')}`,
    `--host=unix://${socket}`,
    `--containerd=${containerd.socket}`,
    `--dns=${options.dns ?? '169.254.169.250'}`,
    ...(options.liveRestore === true ? ['--live-restore'] : []),
  ];
  let child: ChildProcess | undefined;

  const log = (): string => readFileSync(logPath, 'utf8').split('\n').slice(-25).join('\n');

  return {
    socket,
    log,
    async start() {
      if (isRunning(child)) return;
      child = spawnLogged(netns, 'dockerd', args, logPath, env);
      const started = child;
      const ping = async (): Promise<number> => {
        if (started.exitCode !== null) return -1;
        return (await getOverSocket(socket, '/_ping')).status;
      };
      const status = await until('the engine answers', ping, (seen) => seen === 200 || seen === -1, {
        within: 60_000,
        every: 20,
        context: log,
      });
      if (status === -1) throw new Error(`dockerd ended by itself:\n${log()}`);
    },
    stop: () => endChild(child, 'SIGTERM'),
    crash: () => endChild(child, 'SIGKILL'),
    async close() {
      await endChild(child, 'SIGTERM');
      await endChild(containerd.child, 'SIGTERM');
    },
  };
}

function startContainerd(
  netns: Netns,
  dir: string,
  env: NodeJS.ProcessEnv,
): { child: ChildProcess; socket: string } {
  const socket = join(dir, 'containerd.sock');
  const config = join(dir, 'containerd.toml');
  // Kubernetes' interface is not needed, and would look for a CNI configuration.
  writeFileSync(config, 'version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n');
  const args = ['--config', config, '--address', socket];
  const places = ['--root', join(dir, 'containerd'), '--state', join(dir, 'exec', 'containerd')];
  const child = spawnLogged(netns, 'containerd', [...args, ...places], join(dir, 'containerd.log'), env);
  return { child, socket };
}

function spawnLogged(
  netns: Netns,
  file: string,
  args: readonly string[],
  path: string,
  env: NodeJS.ProcessEnv,
): ChildProcess {
  const out = openSync(path, 'a');
  const child = netns.spawn(file, args, { env, stdio: ['ignore', out, out] });
  closeSync(out);
  return child;
}
