import { accessSync, constants, readFileSync, writeFileSync } from 'node:fs';

/** Whether IPv6 sockets may be bound to addresses that are on no interface (kernel, ip-sysctl). A local route is enough for IPv4. */
const SETTING = '/proc/sys/net/ipv6/ip_nonlocal_bind';

/**
 * Has the kernel bind IPv6 sockets to addresses that are on no interface.
 * @returns whether that was forbidden before: then it is ours to forbid again
 * @throws Error with one line that says what to do where it cannot be allowed
 */
export function allowNonlocalBind(path = SETTING): boolean {
  try {
    if (readFileSync(path, 'utf8').trim() !== '0') return false;
    writeFileSync(path, '1');
    return true;
  } catch (error) {
    throw new Error(trouble(error), { cause: error });
  }
}

/** What {@link allowNonlocalBind} would say if it failed now; undefined: it would not. */
export function nonlocalBindFault(path = SETTING): string | undefined {
  try {
    if (readFileSync(path, 'utf8').trim() === '0') accessSync(path, constants.W_OK);
    return undefined;
  } catch (error) {
    return trouble(error);
  }
}

function trouble(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  const [why, todo] =
    code === 'ENOENT'
      ? ['this host has no IPv6', 'choose an IPv4 pool']
      : [code, 'run "sysctl -w net.ipv6.ip_nonlocal_bind=1" on the host once'];
  return `IPv6 addresses on no interface cannot be listened on (${why}); ${todo}`;
}

/** Undoes {@link allowNonlocalBind}. @throws Error of the file system */
export function forbidNonlocalBind(path = SETTING): void {
  writeFileSync(path, '0');
}
