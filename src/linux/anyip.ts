import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Marks routes as ours (rtnetlink(7), rtm_protocol). A new process then recognizes a route that a killed one left. */
export const ROUTE_PROTOCOL = '214';

const OURS = ['proto', ROUTE_PROTOCOL];

/**
 * Makes every address of a range local to this host without adding any to an interface (an AnyIP route, ip-route(8)
 * type `local`). Sockets can then bind to the addresses, and bridges reach them through the host's routing. 127.0.0.0/8
 * is always local. IPv6 sockets also need `net.ipv6.ip_nonlocal_bind` (kernel, ip-sysctl). Idempotent.
 * @param pool `10.43.0.0/16`
 * @returns whether the route is ours; an operator's own route stays unchanged, which needs no privileges
 * @throws Error with one line that says what to do, when the kernel refuses or the `ip` command is missing
 */
export async function addLocalRoute(pool: string): Promise<boolean> {
  if (isLoopbackPool(pool)) return false;
  const seen = await showLocalRoute(pool);
  // A process that cannot list routes may still be able to add one.
  if ('route' in seen && seen.route !== undefined) return seen.route.includes(` ${OURS.join(' ')} `);
  await ip('replace', pool, `the addresses of ${pool} cannot be made local to this host`);
  return true;
}

/** Removes the route of {@link addLocalRoute}, if any. @throws the same errors */
export async function removeLocalRoute(pool: string): Promise<void> {
  if (isLoopbackPool(pool)) return;
  await ip('del', pool, `the local route to ${pool} cannot be removed`);
}

/** Whether a route makes the pool local, or `why` this is unknown, in one line. Never rejects. */
export async function seeLocalRoute(
  pool: string,
): Promise<{ readonly present: boolean } | { readonly why: string }> {
  const seen = await showLocalRoute(pool);
  return 'why' in seen ? seen : { present: seen.route !== undefined };
}

function isLoopbackPool(pool: string): boolean {
  return pool.startsWith('127.') || pool === '::1' || pool === '::1/128';
}

/** The route as `ip` prints it. `route` is undefined when there is no such route. */
async function showLocalRoute(
  pool: string,
): Promise<{ readonly route: string | undefined } | { readonly why: string }> {
  const args = [familyOf(pool), 'route', 'show', 'table', 'local', 'exact', pool];
  try {
    const { stdout } = await run('ip', args, { timeout: 5000 });
    return { route: stdout.startsWith('local ') ? `${stdout.trim()} ` : undefined };
  } catch (error) {
    return { why: whyNot(error) };
  }
}

function familyOf(pool: string): string {
  return pool.includes(':') ? '-6' : '-4';
}

async function ip(action: 'replace' | 'del', pool: string, trouble: string): Promise<void> {
  const args = [familyOf(pool), 'route', action, 'local', pool, 'dev', 'lo'];
  try {
    await run('ip', action === 'replace' ? [...args, ...OURS] : args, { timeout: 5000 });
  } catch (error) {
    const why = whyNot(error);
    if (action === 'del' && why.includes('No such process')) return;
    const todo = `run as root or with CAP_NET_ADMIN, or run "ip ${args.join(' ')}" once`;
    throw new Error(`${trouble} (${why}); ${todo}`, { cause: error });
  }
}

function whyNot(error: unknown): string {
  const { stderr, code } = error as { stderr?: string; code?: string | number };
  if (code === 'ENOENT') return 'the command ip is not installed; install iproute2';
  return stderr?.trim().split('\n').at(-1) || String(error);
}
