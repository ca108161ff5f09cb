import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, test } from 'vitest';

/** Programs that the files with an engine run. */
export const enginePrograms: readonly string[] = [
  'dig',
  '/usr/bin/busybox',
  '/usr/bin/docker',
  'dockerd',
  'containerd',
  'runc',
  'ip',
  'iptables',
  '/usr/bin/ping',
  'musl-gcc',
  'nft',
  '/usr/bin/redis-server',
  'tar',
  'nsenter',
  'getent',
];

/** Programs that the files with compose projects run. */
export const composePrograms: readonly string[] = [...enginePrograms, 'docker-compose', 'apt-get', 'dpkg'];

/** Programs that the files about stub resolvers run. */
export const stubPrograms: readonly string[] = [
  'ip',
  'nsenter',
  'unshare',
  'gcc',
  'musl-gcc',
  'go',
  'javac',
  'java',
  'nginx',
  'haproxy',
];

const searchPath = `${process.env['PATH'] ?? ''}${delimiter}/usr/sbin${delimiter}/sbin`.split(delimiter);

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

const isInstalled = (program: string): boolean =>
  program.startsWith('/')
    ? isExecutable(program)
    : searchPath.some((dir) => isExecutable(join(dir, program)));

/** capabilities(7): 12 is CAP_NET_ADMIN, 21 is CAP_SYS_ADMIN. */
function hasCapabilities(): boolean {
  const set = /^CapEff:\t([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  return [12n, 21n].every((bit) => ((BigInt(`0x${set}`) >> bit) & 1n) === 1n);
}

/** What this machine lacks to run these programs in namespaces, one line each; empty when it has everything. */
export function missingRequirements(programs = enginePrograms): readonly string[] {
  const missing: string[] = [];
  if (process.platform !== 'linux') missing.push(`Linux (this is ${process.platform})`);
  if (process.getuid?.() !== 0) missing.push('root (for network namespaces and a Docker engine)');
  else if (!hasCapabilities()) missing.push('CAP_NET_ADMIN and CAP_SYS_ADMIN (a plain container has not)');
  if (!existsSync('/proc/self/ns/net')) missing.push('network namespaces in the kernel');
  for (const program of programs) if (!isInstalled(program)) missing.push(`the program ${program}`);
  return missing;
}

/** The command that installs what the suite needs on Debian and Ubuntu. */
export function installLine(): string {
  const list = readFileSync(new URL('../packages.txt', import.meta.url), 'utf8');
  return `apt-get install -y --no-install-recommends ${list.trim().split('\n').join(' ')}`;
}

/**
 * `describe` for what needs a real engine, or other programs of this machine. Where something is missing the cases are skipped and the reason is
 * printed; in CI (`CI` is set) that is a failure, so that a green run always means that they ran.
 */
export function describeOnHost(name: string, body: () => void, programs = enginePrograms): void {
  const missing = missingRequirements(programs);
  if (missing.length === 0) {
    describe(name, body);
    return;
  }
  const reason = `missing: ${missing.join(', ')}; on Debian: ${installLine()}`;
  if ((process.env['CI'] ?? '') === '') {
    console.warn(`skipped: ${name}: ${reason}`);
    describe.skip(`${name} (${reason})`, body);
    return;
  }
  describe(name, () => {
    test('the machine has what the suite needs', () => {
      throw new Error(reason);
    });
  });
}
