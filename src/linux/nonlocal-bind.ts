import { accessSync, constants, readFileSync } from 'node:fs';
import { holdSetting, type ReleaseSetting } from './held-settings.js';

/**
 * Whether IPv6 sockets may be bound to addresses that are on no interface (kernel, ip-sysctl). For IPv4 a local route
 * is enough.
 */
const SETTING = '/proc/sys/net/ipv6/ip_nonlocal_bind';

/** How {@link forbidNonlocalBind} undoes each call of {@link allowNonlocalBind} that has changed it. */
const releases: ReleaseSetting[] = [];

/**
 * Lets IPv6 sockets bind to addresses that are on no interface.
 * @returns whether this was forbidden before this process allowed it, so that we must forbid it again
 * @throws Error with one line that says what to do, when it cannot be allowed
 */
export function allowNonlocalBind(path = SETTING): boolean {
  try {
    readFileSync(path);
    const release = holdSetting(path, '0', '1');
    if (release) releases.push(release);
    return release !== undefined;
  } catch (error) {
    throw new Error(trouble(error), { cause: error });
  }
}

/** The error message if {@link allowNonlocalBind} would fail now; otherwise undefined. */
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
  return `Fairlead cannot listen on IPv6 addresses that are not on an interface (${why}); ${todo}`;
}

/** Undoes one call of {@link allowNonlocalBind} that has changed it; the last one counts. @throws the file system's error */
export function forbidNonlocalBind(): void {
  releases.pop()?.();
}

/**
 * Undoes one such call for a pool that another one has taken over: one of this process has called it too, and another
 * process finds it allowed.
 */
export function leaveNonlocalBind(): void {
  if (releases.length > 1) forbidNonlocalBind();
}
