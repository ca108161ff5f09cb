import { hostname } from 'node:os';
import type { Config } from '../config/config-model.js';
import { hostAddress } from '../linux/addresses.js';
import type { RenderingHost } from '../render/rendering-host.js';

/** The host that the daemon runs on, as templates show it. */
export function renderingHostOf({ host, environment, render }: Config): RenderingHost {
  return {
    name: host.name ?? hostname(),
    address: host.address ?? hostAddress() ?? '127.0.0.1',
    environment,
    datacenter: render.datacenter,
    addresses: render.addresses,
  };
}
