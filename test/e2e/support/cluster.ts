import type { ChildProcess } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createDocker } from './docker.js';
import { createEngine } from './engine.js';
import { createFairlead } from './fairlead.js';
import type { Host } from './host.js';
import { loadImages, type ImageName } from './images.js';
import { createNetns, type Netns } from './netns.js';
import { until } from './poll.js';
import { createWorkspace } from './workspace.js';

/** One of several Docker hosts: an engine, a Consul agent and Fairlead in a namespace with a way to the others. */
export interface ClusterHost extends Pick<Host, 'dir' | 'netns' | 'docker' | 'fairlead' | 'patience'> {
  readonly name: string;
  /** Its own address, which the others route to. */
  readonly address: string;
  /** Starts the agent; it joins the others. A server holds the catalog with the other servers. */
  startAgent(role: 'client' | 'server'): Promise<void>;
  /** SIGKILL; nothing is said on the way out. @param forget also removes what it knew */
  killAgent(forget?: boolean): Promise<void>;
  /** GET on the HTTP API of its agent, decoded. */
  consul(path: string): Promise<unknown>;
  /** Pulls its cable. */
  unplug(): Promise<void>;
}

export interface Cluster {
  readonly hosts: readonly ClusterHost[];
  /** The server that is on none of the hosts. */
  startServer(): Promise<void>;
  killServer(): Promise<void>;
  close(): Promise<void>;
}

export interface ClusterOptions {
  readonly names: readonly string[];
  readonly images: readonly ImageName[];
  /** Further sections of the configuration of every Fairlead. */
  readonly sections?: Readonly<Record<string, unknown>>;
}

const SERVER = '192.0.2.1';

/** The namespace of the router is between all hosts, and a Consul server is in it. Nothing runs yet but the engines. */
export async function createCluster(options: ClusterOptions): Promise<Cluster> {
  const undo: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    while (undo.length > 0) await undo.pop()?.();
  };
  try {
    const router = await createPlace(SERVER, undo);
    await router.netns.must('sysctl', ['-q', '-w', 'net.ipv4.ip_forward=1']);
    const server = createAgent(router.netns, join(router.dir, 'consul'), { name: 'server', address: SERVER });
    undo.push(() => server.kill());
    const addresses = options.names.map((_, at) => `192.0.2.${11 + at}`);
    const hosts: ClusterHost[] = [];
    // One after the other: a machine with few cores starts engines faster that way.
    for (const [at, name] of options.names.entries())
      hosts.push(await createClusterHost(router.netns, { name, at, addresses, ...options }, undo));
    return {
      hosts,
      startServer: () => server.start('alone'),
      killServer: () => server.kill(),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Place {
  readonly dir: string;
  readonly netns: Netns;
}

async function createPlace(address: string, undo: (() => Promise<unknown>)[]): Promise<Place> {
  const workspace = await createWorkspace();
  undo.push(() => workspace.remove());
  const netns = await createNetns(workspace.netnsName, address);
  undo.push(() => netns.remove());
  return { dir: workspace.dir, netns };
}

interface ClusterHostOptions extends ClusterOptions {
  readonly name: string;
  readonly at: number;
  /** Of all hosts. */
  readonly addresses: readonly string[];
}

async function createClusterHost(
  router: Netns,
  { name, at, addresses, images, sections = {} }: ClusterHostOptions,
  undo: (() => Promise<unknown>)[],
): Promise<ClusterHost> {
  const address = addresses[at] ?? '';
  const { dir, netns } = await createPlace(address, undo);
  const link = await connect(router, netns, at, address);
  const engine = createEngine(netns, dir);
  undo.push(() => engine.close());
  await engine.start();
  const docker = createDocker(engine.socket);
  undo.push(() => docker.clear().catch(() => undefined));
  await loadImages(docker, images);
  const agent = createAgent(netns, join(dir, 'consul'), { name, address, others: [SERVER, ...addresses] });
  undo.push(() => agent.kill());
  const fairlead = createFairlead(netns, dir, {
    hostAddress: address,
    upstreams: [],
    sources: { docker: { socket: engine.socket } },
    sections: {
      host: { name, address },
      sources: { docker: { socket: engine.socket }, consul: { services: 'used' } },
      publishers: { consul: {} },
      ...sections,
    },
  });
  undo.push(() => fairlead.stop());
  return {
    ...{ name, address, dir, netns, docker, fairlead },
    patience: () => ({ context: fairlead.log }),
    startAgent: (role) => agent.start(role),
    killAgent: (forget) => agent.kill(forget),
    consul: (path) => get(netns, path),
    unplug: async () => {
      await router.must('ip', ['link', 'set', link, 'down']);
    },
  };
}

/** A link to the router, and routes in both directions. @returns the router's end */
async function connect(router: Netns, host: Netns, at: number, address: string): Promise<string> {
  const link = `host${at}`;
  const [near, far] = [`198.51.100.${4 * at + 1}`, `198.51.100.${4 * at + 2}`];
  await router.must('ip', ['link', 'add', link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', host.name]);
  await router.must('ip', ['address', 'add', `${near}/30`, 'dev', link]);
  await router.must('ip', ['link', 'set', link, 'up']);
  await host.must('ip', ['address', 'add', `${far}/30`, 'dev', 'eth0']);
  await host.must('ip', ['link', 'set', 'eth0', 'up']);
  await host.must('ip', ['route', 'add', 'default', 'via', near, 'src', address]);
  await router.must('ip', ['route', 'add', `${address}/32`, 'via', far]);
  return link;
}

interface Agent {
  start(role: 'client' | 'server' | 'alone'): Promise<void>;
  kill(forget?: boolean): Promise<void>;
}

interface AgentOptions {
  readonly name: string;
  readonly address: string;
  readonly others?: readonly string[];
}

/** A Consul agent with the usual ports, whose HTTP API and DNS are on loopback, as on a real host. */
function createAgent(netns: Netns, data: string, { name, address, others = [] }: AgentOptions): Agent {
  let child: ChildProcess | undefined;
  const roles = {
    client: [],
    server: ['-server', '-bootstrap-expect=3'],
    alone: ['-server', '-bootstrap'],
  };
  return {
    async start(role) {
      mkdirSync(data, { recursive: true });
      const joins = others.filter((each) => each !== address).map((each) => `-retry-join=${each}`);
      child = netns.spawn(
        'consul',
        [
          ...['agent', `-node=${name}`, `-bind=${address}`, `-data-dir=${data}`, '-log-level=err'],
          ...['-retry-interval=1s', '-hcl', 'performance { raft_multiplier = 1 }'],
          ...['-hcl', 'ports { serf_wan = -1 grpc = -1 }', ...joins, ...roles[role]],
        ],
        { stdio: 'ignore' },
      );
      await until(
        `the catalog has the node ${name}`,
        () => get(netns, '/catalog/nodes'),
        (nodes) => (nodes as { Node: string }[]).some(({ Node }) => Node === name),
        { within: 60_000 },
      );
    },
    async kill(forget = false) {
      const ending = child;
      child = undefined;
      if (ending?.exitCode === null && ending.signalCode === null) {
        const ended = new Promise((resolve) => ending.once('exit', resolve));
        ending.kill('SIGKILL');
        await ended;
      }
      if (forget) rmSync(data, { recursive: true, force: true });
    },
  };
}

async function get(netns: Netns, path: string): Promise<unknown> {
  const url = `http://127.0.0.1:8500/v1${path}`;
  return JSON.parse(await netns.must('/usr/bin/busybox', ['timeout', '5', 'wget', '-qO-', url]));
}
