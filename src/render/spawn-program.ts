import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import type { Command } from './command.js';
import type { UserIds } from './user-ids.js';

export interface SpawnOptions {
  stdio: StdioOptions;
  environment: Readonly<Record<string, string | undefined>>;
  /** Whom it runs as; without it as Fairlead does. */
  user?: UserIds | undefined;
  /** Runs the call that starts it, without the rights that a child would inherit. */
  withoutRights?: WithoutRights | undefined;
}

/** Does work that starts a process which is not to inherit the capabilities of this one. */
export type WithoutRights = <T>(work: () => T) => T;

const asItIs: WithoutRights = (work) => work();

/** Starts a program in a process group of its own. Its supplementary groups are none when it runs as another user. */
export function spawnProgram(command: Command, options: SpawnOptions): ChildProcess {
  const { stdio, user, withoutRights = asItIs } = options;
  const [program = '', ...args] = typeof command === 'string' ? ['/bin/sh', '-c', command] : command;
  const account = user === undefined ? {} : { HOME: user.home, USER: user.name, LOGNAME: user.name };
  return withoutRights(() =>
    spawn(program, args, {
      detached: true,
      stdio,
      env: { ...options.environment, ...account },
      ...(user !== undefined && { uid: user.uid, gid: user.gid }),
    }),
  );
}

/** Sends a signal to the whole group of a program that {@link spawnProgram} started. */
export function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It has ended.
    child.kill(signal);
  }
}

/** Why a program could not be started, and what to do. */
export function spawnFault(
  error: NodeJS.ErrnoException,
  command: Command,
  user: UserIds | undefined,
): string {
  const program = typeof command === 'string' ? '/bin/sh' : (command[0] ?? '');
  if (error.code === 'EPERM' && user !== undefined)
    return `cannot be run as ${user.name}: Fairlead may not change its user; run it as root, or leave runAs out`;
  if (error.code === 'ENOENT') return `cannot be run: there is no program ${program}; check the path`;
  if (error.code === 'EACCES')
    return `cannot be run: ${program} is not executable for ${user?.name ?? 'the user that Fairlead runs as'}`;
  return `cannot be run: ${error.message}`;
}
