import { addLocalRoute, removeLocalRoute } from '../linux/anyip.js';
import {
  allowNonlocalBind,
  forbidNonlocalBind,
  leaveNonlocalBind,
  nonlocalBindFault,
} from '../linux/nonlocal-bind.js';
import { removeLeftVips, restoreLeft } from '../linux/left-vips.js';
import { claimVips } from '../linux/vip-claim.js';
import { removeVipRules, tryVipRules, watchVipRules, writeVipRules } from '../linux/vip-rules.js';
import { isLoopback } from '../net/ip.js';

/** What data planes change in the kernel. Tests substitute their own. */
export interface PlaneHost {
  /** Whether the pool's addresses belong to this host without a route, so that packets to them never leave it. */
  readonly isLocal: (pool: string) => boolean;
  readonly addLocalRoute: typeof addLocalRoute;
  readonly removeLocalRoute: typeof removeLocalRoute;
  readonly allowNonlocalBind: () => boolean;
  readonly forbidNonlocalBind: () => void;
  readonly leaveNonlocalBind: () => void;
  readonly nonlocalBindFault: () => string | undefined;
  readonly tryVipRules: typeof tryVipRules;
  readonly writeVipRules: typeof writeVipRules;
  readonly removeVipRules: typeof removeVipRules;
  readonly watchVipRules: typeof watchVipRules;
  readonly claimVips: typeof claimVips;
  readonly removeLeftVips: typeof removeLeftVips;
  readonly restoreLeft: typeof restoreLeft;
}

/** The kernel that this process runs on. */
export const thisHost: PlaneHost = {
  isLocal: (pool) => isLoopback(pool.slice(0, pool.indexOf('/'))),
  addLocalRoute,
  removeLocalRoute,
  allowNonlocalBind: () => allowNonlocalBind(),
  forbidNonlocalBind,
  leaveNonlocalBind,
  nonlocalBindFault: () => nonlocalBindFault(),
  tryVipRules,
  writeVipRules,
  removeVipRules,
  watchVipRules,
  claimVips,
  removeLeftVips,
  restoreLeft,
};
