import type { TaskListJson } from '../../../src/api/types/resources.js';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { endChild } from './child.js';
import { createDocker, type Docker } from './docker.js';
import { createEngine, type Engine, type EngineOptions } from './engine.js';
import { engineDirectories } from './engine-version.js';
import { createFairlead, type Fairlead } from './fairlead.js';
import { loadImages, type ImageName } from './images.js';
import { createNetns, type Netns } from './netns.js';
import { until, type UntilOptions } from './poll.js';
import { startUpstream, type Upstream, type UpstreamRecords } from './upstream.js';
import { createWorkspace } from './workspace.js';

/** The host's own address in every namespace (RFC 5737). */
export const HOST_ADDRESS = '192.0.2.1';
/** Where the scripted upstream listens. */
export const UPSTREAM_ADDRESS = '127.0.0.153';

export interface HostOptions extends EngineOptions {
  readonly images?: readonly ImageName[];
  readonly upstream?: UpstreamRecords;
  /**
   * Whether test files that are run one after the other may have the same engine and namespace. For files that stop no engine and
   * leave nothing in the namespace; containers, networks, the daemon and its state are each file's own in any case.
   */
  readonly shared?: boolean;
}

/** A whole Docker host in a network namespace: engine, images, a scripted upstream, and Fairlead, not yet started. */
export interface Host {
  readonly dir: string;
  readonly netns: Netns;
  readonly engine: Engine;
  readonly docker: Docker;
  readonly upstream: Upstream;
  readonly fairlead: Fairlead;
  /** For {@link until}: shows the daemon's log when it fails. */
  patience(): UntilOptions;
  /** Ends and removes everything. */
  close(): Promise<void>;
}

/** An engine in a namespace, with its images. */
interface Base {
  readonly dir: string;
  readonly netns: Netns;
  readonly engine: Engine;
  readonly docker: Docker;
  readonly images: Set<ImageName>;
  /** How many files have had it. */
  uses: number;
  close(): Promise<void>;
}

/** Shared ones that no file uses just now; {@link removeOwnWorkspaces} ends them with the run. */
const idle: Base[] = [];

async function createBase(options: EngineOptions): Promise<Base> {
  const workspace = await createWorkspace();
  const undo: (() => Promise<unknown>)[] = [() => workspace.remove()];
  const close = async (): Promise<void> => {
    while (undo.length > 0) await undo.pop()?.();
  };
  try {
    const { dir } = workspace;
    const netns = await createNetns(workspace.netnsName, HOST_ADDRESS);
    undo.push(() => netns.remove());
    const directories = await engineDirectories(options.version ?? 'installed');
    const engine = createEngine(netns, dir, options, directories);
    undo.push(() => engine.close());
    await engine.start();
    const docker = createDocker(engine.socket);
    undo.push(() => docker.clear().catch(() => undefined));
    return { dir, netns, engine, docker, images: new Set(), uses: 0, close };
  } catch (error) {
    await close();
    throw error;
  }
}

export async function createHost(options: HostOptions = {}): Promise<Host> {
  const { images = ['tools'], upstream: records = {}, shared = false, ...engineOptions } = options;
  const base = (shared ? idle.pop() : undefined) ?? (await createBase(engineOptions));
  const { engine, docker } = base;
  const { netns, endAll } = recordSpawned(base.netns);
  const undo: (() => Promise<unknown>)[] = [
    async () => {
      await endAll();
      if (!shared) return base.close();
      await docker.clear();
      idle.push(base);
    },
  ];
  const close = async (): Promise<void> => {
    while (undo.length > 0) await undo.pop()?.();
  };
  try {
    const dir = join(base.dir, `use-${base.uses++}`);
    mkdirSync(dir, { mode: 0o755 });
    const missing = images.filter((name) => !base.images.has(name));
    const [upstream] = await Promise.all([
      startUpstream(netns, UPSTREAM_ADDRESS, records),
      loadImages(docker, missing),
    ]);
    undo.push(() => upstream.stop());
    for (const name of missing) base.images.add(name);
    const fairlead = createFairlead(netns, dir, {
      hostAddress: HOST_ADDRESS,
      upstreams: [`${UPSTREAM_ADDRESS}:53`],
      sources: { docker: { socket: engine.socket } },
    });
    undo.push(() => fairlead.stop());
    const patience = (): UntilOptions => ({ context: fairlead.log });
    return { dir, netns, engine, docker, upstream, fairlead, patience, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The namespace for one use, whose processes end with the use: one left behind would answer the next file on its port. */
function recordSpawned(netns: Netns): { readonly netns: Netns; readonly endAll: () => Promise<unknown> } {
  const children: ChildProcess[] = [];
  const spawn: Netns['spawn'] = (file, args, options) => {
    const child = netns.spawn(file, args, options);
    children.push(child);
    return child;
  };
  return {
    netns: { ...netns, spawn },
    endAll: () => Promise.all(children.map((child) => endChild(child))),
  };
}

/** Resolves when the daemon knows these containers, by the names that they have in Docker. */
export async function untilKnown(host: Host, ...containers: readonly string[]): Promise<void> {
  const unknown = async (): Promise<string[]> => {
    const { tasks } = (await host.fairlead.api('/v1/tasks')) as TaskListJson;
    const known = new Set(tasks.map(({ name }) => name));
    // Rancher's containers are shown by the name that Rancher gave them.
    return containers.filter((name) => !known.has(name.replace(/^r-/, '')));
  };
  await until('every container is known', unknown, (names) => names.length === 0, host.patience());
}
