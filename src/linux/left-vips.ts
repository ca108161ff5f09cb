import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { errorMessage } from '../net/error-message.js';
import { ROUTE_PROTOCOL } from './anyip.js';
import { stopPassingDocker } from './docker-forwarding.js';
import { restoreLeftSettings } from './held-settings.js';
import { restoreLeftIpvsTimeouts } from './ipvs-settings.js';
import { familyOf } from './nft-table.js';
import { hasKernelRules } from './vip-kernel-rules.js';
import { removeVipRules } from './vip-rules.js';
import { claimVips } from './vip-claim.js';

const run = promisify(execFile);

/** Any pool of a family. */
const POOLS = ['0.0.0.0/0', '::/0'] as const;

/**
 * Removes the rules and the route of virtual IPs that the kernel carries, which a daemon before this one has left so
 * that traffic goes on. Those of a daemon that runs stay. Never rejects.
 * @returns whether there were any
 */
export async function removeLeftVips(): Promise<boolean> {
  let isFound = false;
  for (const pool of POOLS) {
    if (!(await hasKernelRules(pool))) continue;
    try {
      const claim = await claimVips(pool);
      try {
        await removeVipRules(pool);
        await stopPassingDocker(familyOf(pool));
        const family = pool.includes(':') ? '-6' : '-4';
        await run('ip', [family, 'route', 'flush', 'table', 'local', 'proto', ROUTE_PROTOCOL], {
          timeout: 5000,
        });
      } finally {
        claim.release();
      }
      isFound = true;
    } catch {
      // Another daemon has them, or this one has no right to remove them.
    }
  }
  return isFound;
}

/**
 * Restores the settings of the host that a daemon before this one has changed and left, unless this one needs them.
 * Never rejects.
 * @returns what could not be restored, with the reason
 */
export async function restoreLeft(): Promise<readonly string[]> {
  const faults = restoreLeftSettings();
  try {
    await restoreLeftIpvsTimeouts();
    return faults;
  } catch (error) {
    return [...faults, errorMessage(error)];
  }
}
