import { spawn } from 'node:child_process';
import { run, must, type CommandResult } from './command.js';
import type { Netns } from './netns.js';

/** What a container is started with; a field left out is left to Docker. */
interface ContainerOptions {
  readonly image?: 'tools' | 'node' | 'redis';
  readonly network?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly dnsSearch?: readonly string[];
  /** Further `docker run` flags, such as `--health-cmd=…`. */
  readonly flags?: readonly string[];
  /** Default: sleep, and end at once when told to. */
  readonly command?: readonly string[];
}

/** The parts of `docker inspect` that the suite looks at. */
interface Inspection {
  readonly Id: string;
  readonly State: {
    readonly Running: boolean;
    readonly Pid: number;
    /** RFC 3339; the year 1 while it has not ended. */
    readonly FinishedAt: string;
    readonly Health?: { readonly Status: string };
  };
  readonly NetworkSettings: {
    readonly Networks: Readonly<
      Record<string, { readonly IPAddress: string; readonly GlobalIPv6Address: string }>
    >;
  };
}

/** The Docker command line, at one engine's socket. */
export interface Docker {
  /** Any command; throws when it fails. */
  cli(...args: readonly string[]): Promise<string>;
  /** `docker run --detach`; resolves with the container's id, when it is started. */
  start(name: string, options?: ContainerOptions): Promise<string>;
  inspect(container: string): Promise<Inspection>;
  /** Its IPv4 address on a network. */
  address(container: string, network?: string): Promise<string>;
  /** Runs this machine's own programs in the container's network namespace. */
  inside(container: string): Promise<Pick<Netns, 'run' | 'spawn'>>;
  exec(container: string, ...command: readonly string[]): Promise<CommandResult>;
  /** Kills and removes; a container that is gone already is fine. */
  remove(...containers: readonly string[]): Promise<void>;
  /** Removes every container, and every network that a user made. */
  clear(): Promise<void>;
}

/** `sleep` as process 1 would ignore SIGTERM, since it sets no handler: this shell does not. */
const idle = ['/bin/sh', '-c', 'trap "exit 0" TERM; while :; do sleep 3600 & wait $!; done'];

export function createDocker(socket: string): Docker {
  const withHost = (args: readonly string[]): string[] => ['-H', `unix://${socket}`, ...args];
  const cli = (...args: readonly string[]): Promise<string> => must('/usr/bin/docker', withHost(args));
  const docker: Docker = {
    cli,
    start: (name, options = {}) => cli('run', '--detach', ...startArguments(name, options)),
    async inspect(container) {
      const [seen] = JSON.parse(await cli('inspect', container)) as Inspection[];
      if (seen === undefined) throw new Error(`docker inspect ${container}: empty answer`);
      return seen;
    },
    async address(container, network = 'bridge') {
      const { NetworkSettings } = await docker.inspect(container);
      const ip = NetworkSettings.Networks[network]?.IPAddress ?? '';
      if (ip === '') throw new Error(`container ${container} has no address on the network ${network}`);
      return ip;
    },
    async inside(container) {
      const net = `--net=/proc/${(await docker.inspect(container)).State.Pid}/ns/net`;
      const enter = (file: string, args: readonly string[]): string[] => [net, '--', file, ...args];
      return {
        run: (file, args, options) => run('nsenter', enter(file, args), options),
        spawn: (file, args, options = {}) => spawn('nsenter', enter(file, args), options),
      };
    },
    exec: (container, ...command) => run('/usr/bin/docker', withHost(['exec', container, ...command])),
    async remove(...containers) {
      if (containers.length > 0)
        await run('/usr/bin/docker', withHost(['rm', '--force', '--volumes', ...containers]));
    },
    async clear() {
      const containers = await cli('ps', '--all', '--quiet', '--no-trunc');
      await docker.remove(...containers.split('\n').filter(Boolean));
      await cli('network', 'prune', '--force');
    },
  };
  return docker;
}

function startArguments(name: string, options: ContainerOptions): string[] {
  const pairs = (flag: string, values: Readonly<Record<string, string>> = {}): string[] =>
    Object.entries(values).map(([key, value]) => `--${flag}=${key}=${value}`);
  return [
    `--name=${name}`,
    ...(options.network === undefined ? [] : [`--network=${options.network}`]),
    ...pairs('label', options.labels),
    ...pairs('env', options.env),
    ...(options.dnsSearch ?? []).map((domain) => `--dns-search=${domain}`),
    ...(options.flags ?? []),
    options.image ?? 'tools',
    ...(options.command ?? idle),
  ];
}
