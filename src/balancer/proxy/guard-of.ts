import type { VipGuard } from '../../linux/vip-listener-table.js';
import type { ClientNetworks, VirtualService } from '../plane.js';

/** The virtual services' client rules in the form the kernel needs. */
export function guardOf(services: readonly VirtualService[], clients: ClientNetworks): VipGuard {
  const { networks, addresses, external } = clients;
  const open: VipGuard['open'][number][] = [];
  const near: VipGuard['near'][number][] = [];
  const known: VipGuard['known'][number][] = [];
  const hasHost = new Set(networks.filter((each) => each.hasHost).map(({ id }) => id));
  for (const { vip, port, protocol, clients: rule } of services) {
    const place = { vip, port, protocol };
    if (!rule || rule.everyone) {
      open.push(place);
      continue;
    }
    const admits = (id: string): boolean => rule.networks.includes(id) || (rule.hostPort && hasHost.has(id));
    for (const { id, bridge } of networks)
      if (bridge !== undefined && admits(id)) near.push({ ...place, bridge });
    for (const [client, ids] of addresses)
      if (client.includes(':') === vip.includes(':') && ids.some(admits)) known.push({ ...place, client });
  }
  const bridges = networks.map(({ bridge }) => bridge).filter((bridge) => bridge !== undefined);
  const served = services.map(({ vip, port, protocol }) => ({ vip, port, protocol }));
  const taskless = services.flatMap(({ vip, port, protocol, backends }) =>
    protocol === 'udp' && backends.length === 0 ? [{ vip, port }] : [],
  );
  return { bridges, external, served, taskless, open, near, known };
}
