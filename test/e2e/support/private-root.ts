import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Netns } from './netns.js';
import { until } from './poll.js';

/**
 * A namespace whose programs see a copy of /etc and empty directories for what they write, so that they run with the
 * paths of a real host and change nothing on this one. It shares the network of the namespace that it is made from.
 */
export interface PrivateRoot extends Netns {
  /** Where this machine sees a file of one of its directories. */
  host(path: string): string;
}

/** What is empty at first; /etc is a copy of this machine's. */
const EMPTY = ['/run', '/var/log', '/var/lib'] as const;

/** $1 has the directories; the rest are those to put in place. The shell's reader says when to end. */
const HOLD = `
base=$1; shift
cp -a /etc/. "$base/etc" || exit
for dir in /etc "$@"; do mount --bind "$base$dir" "$dir" || exit; done
echo ready
read -r _
`;

/** @param dir an existing directory, which no other namespace uses */
export async function createPrivateRoot(netns: Netns, dir: string): Promise<PrivateRoot> {
  for (const path of ['/etc', ...EMPTY]) mkdirSync(join(dir, path), { recursive: true });
  const holder = netns.spawn('unshare', ['--mount', '--', '/bin/sh', '-c', HOLD, 'sh', dir, ...EMPTY], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  if (holder.stdout === null) throw new Error('the holder of the namespace has no standard output');
  const lines: string[] = [];
  createInterface({ input: holder.stdout }).on('line', (line) => lines.push(line));
  await until(
    'the namespace is ready',
    () => Promise.resolve(lines[0]),
    (line) => line === 'ready',
  );
  const enter = (file: string, args: readonly string[]): string[] => [
    `--mount=/proc/${holder.pid}/ns/mnt`,
    '--',
    file,
    ...args,
  ];
  return {
    name: netns.name,
    path: netns.path,
    host: (file) => join(dir, file),
    run: (file, args, options) => netns.run('nsenter', enter(file, args), options),
    must: (file, args, options) => netns.must('nsenter', enter(file, args), options),
    spawn: (file, args, options) => netns.spawn('nsenter', enter(file, args), options),
    async remove() {
      const ended = new Promise((resolve) => holder.once('exit', resolve));
      holder.stdin?.end();
      await ended;
    },
  };
}
