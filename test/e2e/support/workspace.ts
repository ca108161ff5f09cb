import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errorCode } from '../../../src/net/error-message.js';
import { run } from './command.js';
import { sleep } from './poll.js';

/** Everything that the suite puts on the machine is below this directory, or in a namespace named after one in it. */
export const suiteRoot = join(tmpdir(), 'fairlead-e2e');

/**
 * One set-up's own place: a directory, and a name for its network namespace. Both carry the id of the process that the run began
 * with, so that a later run can tell what a killed run has left.
 */
export interface Workspace {
  readonly dir: string;
  readonly netnsName: string;
  /** Ends what still runs from the directory, unmounts what is mounted in it, removes it. */
  remove(): Promise<void>;
}

let count = 0;

/** The process that a run begins with; it outlives those that run test files. */
const OWNER = 'E2E_OWNER';

/** For the process that a run begins with: makes it the owner of all workspaces of the run. */
export function ownWorkspaces(): void {
  process.env[OWNER] = String(process.pid);
}

/** Removes what this run has left: engines that files shared. */
export async function removeOwnWorkspaces(): Promise<void> {
  if (!existsSync(suiteRoot)) return;
  for (const name of readdirSync(suiteRoot))
    if (name.startsWith(`${process.pid}-`)) await removeWorkspace(name);
}

export async function createWorkspace(): Promise<Workspace> {
  mkdirSync(suiteRoot, { recursive: true, mode: 0o755 });
  await sweep();
  const id = makeNext();
  const dir = join(suiteRoot, id);
  return { dir, netnsName: netnsNameOf(id), remove: () => clear(dir) };
}

/** Several processes of a run count, so the number may be taken: then the next one is tried. */
function makeNext(): string {
  for (;;) {
    const id = `${process.env[OWNER] ?? process.pid}-${count++}`;
    try {
      mkdirSync(join(suiteRoot, id), { mode: 0o755 });
      return id;
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
    }
  }
}

async function removeWorkspace(name: string): Promise<void> {
  await clear(join(suiteRoot, name));
  await run('ip', ['netns', 'delete', netnsNameOf(name)]);
}

const netnsNameOf = (id: string): string => `fairlead-${id}`;

/** Removes what runs that were killed have left behind. */
async function sweep(): Promise<void> {
  for (const name of readdirSync(suiteRoot)) {
    const owner = /^(\d+)-\d+$/.exec(name)?.[1];
    if (owner !== undefined && !isAlive(Number(owner))) await removeWorkspace(name);
  }
}

async function clear(dir: string): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    for (const pid of processesOf(dir)) kill(pid, signal);
    for (let i = 0; i < 40 && processesOf(dir).length > 0; i++) await sleep(50);
  }
  for (const mount of mountsIn(dir)) await run('umount', ['--lazy', mount]);
  rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}

/** The engine, containerd and its shims have the directory in their command line; containers have their root in it. */
function processesOf(dir: string): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const isOurs = (pid: string): boolean =>
    readOrEmpty(`/proc/${pid}/cmdline`).includes(`${dir}/`) ||
    readOrEmpty(`/proc/${pid}/mountinfo`)
      .split('\n')
      .some((mount) => mount.split(' ')[4] === '/' && mount.includes(`${dir}/`));
  return pids.filter((pid) => Number(pid) !== process.pid && isOurs(pid)).map(Number);
}

/** Mount points below the directory, deepest first. */
function mountsIn(dir: string): string[] {
  const points = readOrEmpty('/proc/self/mounts')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((point) => point.startsWith(`${dir}/`));
  return points.sort((a, b) => b.length - a.length);
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended by itself in the meantime.
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
