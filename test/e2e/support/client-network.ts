import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { mkdtempSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { CommandOptions, CommandResult } from './command.js';
import { createFairlead, type Fairlead } from './fairlead.js';
import { HOST_ADDRESS, UPSTREAM_ADDRESS } from './host.js';
import { createNetns, type Netns } from './netns.js';
import { startUpstream, type Upstream, type UpstreamRecords } from './upstream.js';
import { createWorkspace } from './workspace.js';

/** Where the client asks from; list it under `clients:`. */
export const CLIENT_ADDRESS = '10.9.0.2';
const GATEWAY_ADDRESS = '10.9.0.1';

/** Every address of it is the client namespace's own: give tasks addresses in it, and servers there listen at all of them. */
export const TASK_SUBNET = '10.9.1.0/24';

/** Programs in the client's namespace, which see nothing of this machine's own name service. */
export interface Client {
  run(file: string, args: readonly string[], options?: CommandOptions): Promise<CommandResult>;
  spawn(file: string, args: readonly string[], options?: SpawnOptions): ChildProcess;
}

/**
 * A host and something like a container on it, as two network namespaces: Fairlead with a file source and a scripted
 * upstream in the one, programs that ask in the other. There is no Docker engine.
 */
export interface ClientNetwork {
  readonly dir: string;
  /** Fairlead's namespace, and the one where clients ask and tasks listen. */
  readonly host: Netns;
  readonly far: Netns;
  readonly fairlead: Fairlead;
  readonly upstream: Upstream;
  /** @param resolvConf the text that is at /etc/resolv.conf for the programs of this client */
  client(resolvConf: string): Client;
  /** Replaces the services file, in one step; the daemon watches it. */
  write(services: unknown): void;
  close(): Promise<void>;
}

/** $1 is the directory with the files to put in the place of the machine's own; the rest is the command. */
const ownFiles = `
for file in resolv.conf hosts nsswitch.conf; do mount --bind "$1/$file" "/etc/$file" || exit 125; done
if [ -d /run/nscd ]; then mount -t tmpfs none /run/nscd || exit 125; fi
shift
exec "$@"
`;

/** @param flags further ones of `fairlead run` */
export async function createClientNetwork(
  services: unknown,
  records: UpstreamRecords,
  flags: readonly string[] = [],
): Promise<ClientNetwork> {
  const undo: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    while (undo.length > 0) await undo.pop()?.();
  };
  const namespace = async (): Promise<{ dir: string; netns: Netns }> => {
    const workspace = await createWorkspace();
    undo.push(() => workspace.remove());
    const netns = await createNetns(workspace.netnsName, HOST_ADDRESS);
    undo.push(() => netns.remove());
    return { dir: workspace.dir, netns };
  };
  try {
    const host = await namespace();
    const { dir, netns } = await namespace();
    await connect(host.netns, netns);
    const servicesFile = join(host.dir, 'services.yaml');
    const write = (content: unknown): void => {
      writeFileSync(`${servicesFile}.new`, stringify(content));
      renameSync(`${servicesFile}.new`, servicesFile);
    };
    write(services);
    const upstream = await startUpstream(host.netns, UPSTREAM_ADDRESS, records);
    const fairlead = createFairlead(host.netns, host.dir, {
      hostAddress: HOST_ADDRESS,
      upstreams: [`${UPSTREAM_ADDRESS}:53`],
      sources: { file: { path: servicesFile } },
    });
    undo.push(() => fairlead.stop());
    await fairlead.start(flags);
    return {
      dir,
      host: host.netns,
      far: netns,
      fairlead,
      upstream,
      client: (resolvConf) => createClient(netns, dir, resolvConf),
      write,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function connect(host: Netns, client: Netns): Promise<void> {
  const link = ['link', 'add', 'client0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', client.name];
  await host.must('ip', link);
  await host.must('ip', ['address', 'add', `${GATEWAY_ADDRESS}/24`, 'dev', 'client0']);
  await host.must('ip', ['link', 'set', 'client0', 'up']);
  await host.must('ip', ['route', 'add', TASK_SUBNET, 'via', CLIENT_ADDRESS]);
  await client.must('ip', ['address', 'add', `${CLIENT_ADDRESS}/24`, 'dev', 'eth0']);
  await client.must('ip', ['link', 'set', 'eth0', 'up']);
  await client.must('ip', ['route', 'add', 'default', 'via', GATEWAY_ADDRESS]);
  await client.must('ip', ['route', 'add', 'local', TASK_SUBNET, 'dev', 'lo']);
}

/** Programs in a network namespace, with a resolv.conf of their own; its file goes below `dir`. */
export function createClient(netns: Pick<Netns, 'run' | 'spawn'>, dir: string, resolvConf: string): Client {
  const files = mkdtempSync(join(dir, 'etc-'));
  writeFileSync(join(files, 'resolv.conf'), resolvConf);
  writeFileSync(join(files, 'hosts'), '127.0.0.1 localhost\n');
  writeFileSync(join(files, 'nsswitch.conf'), 'hosts: files dns\n');
  const inside = (file: string, args: readonly string[]): string[] => [
    '--mount',
    '--',
    '/bin/sh',
    '-c',
    ownFiles,
    'sh',
    files,
    file,
    ...args,
  ];
  return {
    run: (file, args, options) => netns.run('unshare', inside(file, args), options),
    spawn: (file, args, options) => netns.spawn('unshare', inside(file, args), options),
  };
}
