import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { must } from './command.js';
import type { Docker } from './docker.js';
import { suiteRoot } from './workspace.js';

/**
 * The images of the suite, made from this machine's own programs, since a test must not need a registry:
 * - `tools`: busybox (its own resolver in `nslookup`), glibc's `getent` and iputils' `ping`, and `resolve`, linked with musl
 * - `node`: the running Node, with busybox
 * - `redis`: Debian's redis-server, with busybox
 */
export type ImageName = 'tools' | 'node' | 'redis';

const programs: Readonly<Record<ImageName, readonly string[]>> = {
  tools: ['/usr/bin/getent', '/usr/bin/ping'],
  node: [realpathSync(process.execPath)],
  redis: ['/usr/bin/redis-server'],
};

const resolveSource = fileURLToPath(new URL('../fixtures/resolve.c', import.meta.url));

/** The files that a libc reads to resolve names; Docker adds resolv.conf, hosts and hostname. */
const configuration: Readonly<Record<string, string>> = {
  'etc/nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\n',
  'etc/passwd': 'root:x:0:0:root:/:/bin/sh\n',
  'etc/group': 'root:x:0:\n',
};

/** Loads images into an engine; each is built once a machine and kept as a tar file. */
export async function loadImages(docker: Docker, names: readonly ImageName[]): Promise<void> {
  await Promise.all(names.map(async (name) => docker.cli('import', await archiveOf(name), name)));
}

/** The image's tar file, named by what goes into it: path, size and time of every file. */
async function archiveOf(name: ImageName): Promise<string> {
  const cache = join(suiteRoot, 'images');
  mkdirSync(cache, { recursive: true });
  const files = await filesOf(name);
  const key = createHash('sha256').update(JSON.stringify([configuration, busyboxKey()]));
  for (const [target, source] of files) {
    const { size, mtimeMs } = statSync(source);
    key.update(`${target} ${source} ${size} ${mtimeMs}\n`);
  }
  if (name === 'tools') key.update(readFileSync(resolveSource));
  const archive = join(cache, `${name}-${key.digest('hex').slice(0, 16)}.tar`);
  if (!existsSync(archive)) await build(name, files, archive);
  return archive;
}

const busyboxKey = (): unknown => {
  const { size, mtimeMs } = statSync('/usr/bin/busybox');
  return [size, mtimeMs];
};

async function build(name: ImageName, files: ReadonlyMap<string, string>, archive: string): Promise<void> {
  const work = mkdtempSync(join(dirname(archive), `${name}-`));
  try {
    const tree = join(work, 'tree');
    for (const dir of ['bin', 'etc', 'tmp', 'usr/bin', 'var/tmp'])
      mkdirSync(join(tree, dir), { recursive: true });
    for (const [path, text] of Object.entries(configuration)) writeFileSync(join(tree, path), text);
    copyFileSync('/usr/bin/busybox', join(tree, 'bin/busybox'));
    const applets = (await must('/usr/bin/busybox', ['--list'])).split('\n');
    for (const applet of applets) if (applet !== 'busybox') symlinkSync('busybox', join(tree, 'bin', applet));
    for (const [target, source] of files) {
      const path = join(tree, target);
      mkdirSync(dirname(path), { recursive: true });
      copyFileSync(source, path);
    }
    if (name === 'tools')
      await must('musl-gcc', ['-static', '-O2', '-o', join(tree, 'usr/bin/resolve'), resolveSource]);
    await must('tar', [
      '--create',
      '--file',
      `${work}/image.tar`,
      '--directory',
      tree,
      '--owner=0',
      '--group=0',
      '.',
    ]);
    // Two suites at a time may build the same image; whoever renames last wins, and both files are the same.
    renameSync(join(work, 'image.tar'), archive);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Path in the image to path on this machine: the programs, their shared libraries and glibc's name service plug-ins. */
async function filesOf(name: ImageName): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  for (const program of programs[name]) {
    const target = program === realpathSync(process.execPath) ? '/usr/bin/node' : program;
    files.set(target, program);
    for (const library of await librariesOf(program)) files.set(library, realpathSync(library));
  }
  const libc = [...files.keys()].find((path) => path.endsWith('/libc.so.6'));
  if (libc === undefined)
    throw new Error(`${programs[name].join(', ')}: not linked with glibc; the image would lack it`);
  for (const file of readdirSync(dirname(libc))) {
    const path = join(dirname(libc), file);
    if (/^libnss_(?:dns|files)\.so\.2$/.test(file)) files.set(path, realpathSync(path));
  }
  return files;
}

async function librariesOf(program: string): Promise<string[]> {
  const lines = (await must('ldd', [program])).split('\n');
  return lines.flatMap((line) => /(?:=> )?(\/\S+) \(0x/.exec(line)?.[1] ?? []);
}
