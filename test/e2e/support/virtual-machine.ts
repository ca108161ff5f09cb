import { spawn } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { build } from 'esbuild';
import { run } from './command.js';

/** What the machine has besides Node. */
const PROGRAMS = ['/usr/bin/busybox', 'ipvsadm', 'ip', 'nft', 'conntrack'];
/** Where the kernel's modules are that networks need. */
const MODULES = [
  ...['net/netfilter', 'net/bridge', 'net/802', 'net/llc', 'net/ipv4', 'net/ipv6', 'lib', 'crypto'],
  'drivers/net/veth.ko',
];

/**
 * It loads no module by itself until a program allows it. The first line that it writes comes behind what the firmware
 * has written to clear the screen.
 */
const INIT = `#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc p /proc; mount -t sysfs s /sys; mount -t devtmpfs d /dev
mount -t tmpfs t /run; mount -t tmpfs t /tmp
for module in veth bridge nf_tables nf_conntrack_netlink nft_chain_nat; do modprobe $module; done
echo /bin/false > /proc/sys/kernel/modprobe
ip link set lo up
echo 1 > /proc/sys/net/ipv4/ip_forward
echo booted
node /guest.mjs
poweroff -f
`;

/**
 * Boots Debian's kernel for clouds in a virtual machine, without KVM, and runs a program in it on Node. The kernel is
 * unpacked, not installed.
 * @param guest the program, TypeScript
 * @param instead modules that take the place of packages in it
 * @param onLine receives what it writes
 * @param signal ends the machine
 */
export async function runInMachine(
  guest: string,
  instead: Readonly<Record<string, string>>,
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-vm-'));
  try {
    const kernel = await unpackKernel(folder);
    const root = join(folder, 'root');
    await fillRoot(root, kernel, guest, instead);
    const initrd = join(folder, 'initrd');
    await shell(`find . | cpio -o -H newc --quiet > ${initrd}`, root);
    await boot(kernel.image, initrd, onLine, signal);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Kernel {
  readonly image: string;
  readonly version: string;
  readonly modules: string;
}

async function unpackKernel(folder: string): Promise<Kernel> {
  const depends = await shell('apt-cache depends linux-image-cloud-amd64', folder);
  const name = /Depends: (linux-image-\S+)/.exec(depends)?.[1] ?? 'linux-image-cloud-amd64';
  await shell(`apt-get download ${name} && dpkg -x linux-image-*.deb kernel`, folder);
  const version = name.replace('linux-image-', '');
  const kernel = join(folder, 'kernel');
  const modules = ['lib', 'usr/lib'].map((lib) => join(kernel, lib, 'modules', version)).find(existsSync);
  if (modules === undefined) throw new Error(`${name} has no modules`);
  return { image: join(kernel, 'boot', `vmlinuz-${version}`), version, modules };
}

async function fillRoot(
  root: string,
  { modules, version }: Kernel,
  guest: string,
  instead: Readonly<Record<string, string>>,
): Promise<void> {
  for (const each of ['bin', 'sbin', 'proc', 'sys', 'dev', 'tmp', 'run', 'etc', 'lib'])
    mkdirSync(join(root, each), { recursive: true });
  for (const program of PROGRAMS) await addProgram(root, (await shell(`command -v ${program}`, root)).trim());
  await addProgram(root, process.execPath, 'node');
  const target = join(root, 'lib', 'modules', version);
  for (const each of MODULES) {
    mkdirSync(dirname(join(target, 'kernel', each)), { recursive: true });
    cpSync(join(modules, 'kernel', each), join(target, 'kernel', each), { recursive: true });
  }
  for (const file of readdirSync(modules).filter((each) => each.startsWith('modules.')))
    copyFileSync(join(modules, file), join(target, file));
  await shell(`depmod -b ${root} ${version}`, root);
  writeFileSync(join(root, 'init'), INIT);
  chmodSync(join(root, 'init'), 0o755);
  await build({
    ...{ entryPoints: [guest], outfile: join(root, 'guest.mjs'), bundle: true, external: ['koffi'] },
    ...{ platform: 'node', format: 'esm', target: 'node20.19', logLevel: 'warning', alias: { ...instead } },
    // Packages that are not modules ask for parts of Node by this.
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire('/');" },
  });
}

/** Copies a program with the libraries that it needs. */
async function addProgram(root: string, path: string, name = basename(path)): Promise<void> {
  copyFileSync(path, join(root, 'bin', name));
  const { stdout } = await run('ldd', [path]);
  for (const [library] of stdout.matchAll(/\/\S+\.so\S*/g)) {
    const target = join(root, library);
    mkdirSync(dirname(target), { recursive: true });
    if (!existsSync(target)) copyFileSync(library, target);
  }
}

async function shell(command: string, cwd: string): Promise<string> {
  const env = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` };
  const { stdout, stderr, code } = await run('/bin/sh', ['-c', command], { cwd, env, timeout: 240_000 });
  if (code !== 0) throw new Error(`${command}: ${stderr}`);
  return stdout;
}

function boot(
  image: string,
  initrd: string,
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const machine = ['-accel', 'tcg', '-smp', '1', '-m', '1024', '-nographic', '-no-reboot', '-nic', 'none'];
  const append = 'console=ttyS0 quiet panic=-1 rdinit=/init';
  return new Promise((resolve, reject) => {
    const child = spawn(
      'qemu-system-x86_64',
      [...machine, '-kernel', image, '-initrd', initrd, '-append', append],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
        ...{ signal, killSignal: 'SIGKILL' },
      },
    );
    let rest = '';
    child.stdout.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split(/\r?\n/);
      rest = lines.pop() ?? '';
      for (const line of lines) onLine(line);
    });
    child.once('error', reject);
    child.once('close', () => resolve());
  });
}
