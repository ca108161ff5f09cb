import { execFile } from 'node:child_process';
import { networkInterfaces } from 'node:os';
import { promisify } from 'node:util';
import { canonicalIp, ipFamily } from '../net/ip.js';

const run = promisify(execFile);

/** Whether an address is on an interface of this host. Loopback counts as having all of 127.0.0.0/8. */
export function hasAddress(ip: string): boolean {
  if (ip.startsWith('127.')) return true;
  return Object.values(networkInterfaces()).some((each) =>
    each?.some(({ address }) => canonicalIp(address) === ip),
  );
}

/**
 * Adds an address to the loopback interface as a single host (/32, /128), where bridges reach it through the host's
 * routing. Does nothing if the address is already there.
 * @returns whether it was added
 * @throws Error with one line that says what to do, when the kernel refuses or the `ip` command is missing
 */
export async function addLoopbackAddress(ip: string): Promise<boolean> {
  if (hasAddress(ip)) return false;
  const command = `ip address add ${ip}/${ipFamily(ip) === 4 ? 32 : 128} dev lo`;
  try {
    const [file = '', ...args] = command.split(' ');
    await run(file, args, { timeout: 5000 });
    return true;
  } catch (error) {
    if (hasAddress(ip)) return false;
    const { stderr, code } = error as { stderr?: string; code?: string };
    const why =
      code === 'ENOENT'
        ? 'the command ip is not installed; install iproute2'
        : (stderr?.trim() ?? String(error));
    throw new Error(
      `${ip} is not on an interface and cannot be added (${why}); run as root or with CAP_NET_ADMIN, or run "${command}" once`,
      { cause: error },
    );
  }
}

/** This host's best-known address: the first on an interface that is neither loopback nor a bridge. */
export function hostAddress(): string | undefined {
  const all = Object.entries(networkInterfaces()).flatMap(([name, each]) =>
    (each ?? []).map(({ address, internal, family }) => ({ name, address, internal, family })),
  );
  const candidates = all.filter(
    ({ internal, family, address }) => !internal && family === 'IPv4' && !address.startsWith('169.254.'),
  );
  const outer = candidates.find(({ name }) => !/^(docker|br-|veth|virbr|lxc|cni)/.test(name));
  return (outer ?? candidates[0])?.address;
}
