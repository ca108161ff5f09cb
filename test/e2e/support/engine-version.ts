import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { must } from './command.js';
import { suiteRoot } from './workspace.js';

/**
 * The engines of the suite: the one that this machine has installed (20.10 on Debian 12), and others, unpacked from the
 * packages of a later Debian. Those run with this machine's runc.
 */
export type EngineVersion = 'installed' | '26.1' | 'newest';

/** Those that the suite runs on: with `E2E_NEWEST=1` also the newest that Debian has. */
export const engineVersions: readonly EngineVersion[] =
  (process.env['E2E_NEWEST'] ?? '') === '' ? ['installed', '26.1'] : ['installed', '26.1', 'newest'];

const suites: Readonly<Record<Exclude<EngineVersion, 'installed'>, string>> = {
  '26.1': 'trixie',
  newest: 'sid',
};

/**
 * Directories with `dockerd`, `containerd` and their helpers, to be put before the search path; none for the installed
 * engine. Packages are downloaded once a machine.
 */
export async function engineDirectories(version: EngineVersion): Promise<readonly string[]> {
  if (version === 'installed') return [];
  const root = join(suiteRoot, 'engines', version);
  if (!existsSync(root)) await unpack(suites[version], root);
  return [join(root, 'usr/sbin'), join(root, 'usr/bin')];
}

async function unpack(suite: string, root: string): Promise<void> {
  const work = `${root}-${process.pid}`;
  for (const dir of ['lists/partial', 'cache/archives/partial', 'packages', 'root'])
    mkdirSync(join(work, dir), { recursive: true });
  const list = join(work, 'sources.list');
  const key = '/usr/share/keyrings/debian-archive-keyring.gpg';
  writeFileSync(list, `deb [signed-by=${key}] http://deb.debian.org/debian ${suite} main\n`);
  const options = [
    ...[
      `Dir::Etc::sourcelist=${list}`,
      'Dir::Etc::sourceparts=/dev/null',
      'Dir::Etc::preferencesparts=/dev/null',
    ],
    ...[
      `Dir::State::lists=${join(work, 'lists')}`,
      `Dir::Cache=${join(work, 'cache')}`,
      'APT::Sandbox::User=root',
    ],
  ].flatMap((option) => ['-o', option]);
  const packages = join(work, 'packages');
  await must('apt-get', [...options, 'update'], { timeout: 120_000 });
  await must('apt-get', [...options, 'download', 'docker.io', 'containerd'], {
    timeout: 120_000,
    cwd: packages,
  });
  for (const file of readdirSync(packages))
    await must('dpkg', ['-x', join(packages, file), join(work, 'root')]);
  // Two suites at a time may unpack the same engine: the first that is done counts.
  if (!existsSync(root)) renameSync(join(work, 'root'), root);
  rmSync(work, { recursive: true, force: true });
}
