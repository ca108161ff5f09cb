import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Marks routes as ours (rtnetlink(7), rtm_protocol), so that one that a killed process left is known again. */
const OURS = ['proto', '214'];

/**
 * Makes every address of a range local to this host, without any of them on an interface (an AnyIP route, ip-route(8)
 * type `local`): sockets can then be bound to them, and bridges reach them through the host's routing. 127.0.0.0/8 is
 * local already. IPv6 sockets need `net.ipv6.ip_nonlocal_bind` besides (kernel, ip-sysctl). Idempotent.
 * @param pool `10.43.0.0/16`
 * @returns whether the route is ours; one that an operator has set is left as it is, which needs no rights
 * @throws Error with one line that says what to do when the kernel refuses or there is no `ip` command
 */
export async function addLocalRoute(pool: string): Promise<boolean> {
  if (isLoopbackPool(pool)) return false;
  const seen = await showLocalRoute(pool);
  // Who cannot show routes may still set one.
  if ('route' in seen && seen.route !== undefined) return seen.route.includes(` ${OURS.join(' ')} `);
  await ip('replace', pool, `the addresses of ${pool} cannot be made local to this host`);
  return true;
}

/** Takes the route of {@link addLocalRoute} away; does nothing when there is none. @throws Error as there */
export async function removeLocalRoute(pool: string): Promise<void> {
  if (isLoopbackPool(pool)) return;
  await ip('del', pool, `the local route to ${pool} cannot be removed`);
}

/** Whether the pool is local by a route; `why` it cannot be found out, in one line. Never rejects. */
export async function seeLocalRoute(
  pool: string,
): Promise<{ readonly present: boolean } | { readonly why: string }> {
  const seen = await showLocalRoute(pool);
  return 'why' in seen ? seen : { present: seen.route !== undefined };
}

function isLoopbackPool(pool: string): boolean {
  return pool.startsWith('127.') || pool === '::1' || pool === '::1/128';
}

/** The route as `ip` shows it; `route` is undefined when there is none. */
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
  if (code === 'ENOENT') return 'there is no "ip" command; install iproute2';
  return stderr?.trim().split('\n').at(-1) || String(error);
}
