import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { must, run, type CommandOptions, type CommandResult } from './command.js';

/** A network namespace without a way out: loopback is up, and there is nothing else. */
export interface Netns {
  readonly name: string;
  readonly path: string;
  run(file: string, args: readonly string[], options?: CommandOptions): Promise<CommandResult>;
  must(file: string, args: readonly string[], options?: CommandOptions): Promise<string>;
  /** Starts a process; it is the program's own (nsenter makes way for it), and is killed when the namespace goes. */
  spawn(file: string, args: readonly string[], options?: SpawnOptions): ChildProcess;
  remove(): Promise<void>;
}

/**
 * `ip netns exec` would also mount a /sys of its own, which hides the cgroups that the engine needs: so nsenter.
 *
 * @param address an address for the host itself, put on loopback: what published ports are answered with
 */
export async function createNetns(name: string, address: string): Promise<Netns> {
  await must('ip', ['netns', 'add', name]);
  const path = `/var/run/netns/${name}`;
  const enter = (file: string, args: readonly string[]): string[] => [`--net=${path}`, '--', file, ...args];
  const children = new Set<ChildProcess>();
  const netns: Netns = {
    name,
    path,
    run: (file, args, options) => run('nsenter', enter(file, args), options),
    must: (file, args, options) => must('nsenter', enter(file, args), options),
    spawn(file, args, options = {}) {
      const child = spawn('nsenter', enter(file, args), options);
      children.add(child);
      child.on('exit', () => children.delete(child));
      return child;
    },
    async remove() {
      for (const child of children) child.kill('SIGKILL');
      await run('ip', ['netns', 'delete', name]);
    },
  };
  await netns.must('ip', ['link', 'set', 'lo', 'up']);
  await netns.must('ip', ['address', 'add', `${address}/32`, 'dev', 'lo']);
  return netns;
}
