import type { VipListJson } from '../../api/types/vips-json.js';
import { poolConflicts } from '../../catalog/pool-conflicts.js';
import { seeLocalRoute } from '../../linux/anyip.js';
import { nonlocalBindFault } from '../../linux/nonlocal-bind.js';
import { hostRanges } from '../../linux/routes.js';
import { readVipRules, tryVipRules } from '../../linux/vip-rules.js';
import { formatHostPort, isLoopback } from '../../net/ip.js';
import type { Context } from '../context.js';
import { CliError } from '../exit-codes.js';
import type { DaemonFacts, HostFacts, VipFacts } from './host-facts.js';

export interface WantedPool {
  readonly pool: string;
  readonly isChosen: boolean;
}

/** Finds out what virtual IPs need on this host and whether it is there. Nothing is changed. */
export async function probeVips(
  context: Context,
  { daemon, docker, pool: wanted }: Pick<HostFacts, 'daemon' | 'docker'> & { pool: WantedPool | undefined },
): Promise<VipFacts> {
  // The running daemon's settings win over a file that no process has loaded yet.
  const running = daemon.state === 'up' ? daemon.status.vips.pool : undefined;
  const pool = running ?? wanted?.pool;
  if (pool === undefined) return { state: 'off' };
  const networks = docker.state === 'up' ? docker.subnets : [];
  const route = await seeLocalRoute(pool);
  const rulesFault = await tryVipRules(pool);
  const bindFault = pool.includes(':') ? nonlocalBindFault() : undefined;
  return {
    state: 'wanted',
    pool,
    isChosen: wanted?.isChosen ?? false,
    isLoopback: isLoopback(pool.slice(0, pool.indexOf('/'))),
    conflicts: poolConflicts(pool, { routes: [...networks, ...hostRanges()] }),
    route: 'why' in route ? route.why : route.present,
    rules: await readVipRules(pool),
    ...(rulesFault === undefined ? {} : { rulesFault }),
    ...(bindFault === undefined ? {} : { bindFault }),
    carried: running === undefined ? [] : await carried(context, daemon),
  };
}

async function carried(context: Context, { state }: DaemonFacts): Promise<string[]> {
  if (state !== 'up') return [];
  try {
    const { vips } = await context.get<VipListJson>('/v1/vips');
    return vips
      .filter((vip) => vip.protocol === 'tcp' && vip.state !== 'down')
      .map(({ vip, port }) => formatHostPort({ ip: vip, port }));
  } catch (error) {
    if (error instanceof CliError) return [];
    throw error;
  }
}
