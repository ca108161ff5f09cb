import { isDeepStrictEqual } from 'node:util';
import type { ChangeSet } from '../../catalog/change.js';
import { ANY_NETWORK, HOST_NETWORK, OTHER_HOST, type Task } from '../../catalog/model.js';
import type { Snapshot } from '../../catalog/snapshot.js';
import { hasHost } from '../../catalog/vip-access.js';
import { ownAddresses } from '../../linux/own-addresses.js';
import type { ClientNetworks } from '../plane.js';

/** The operator's settings for clients. */
export interface ClientTerms {
  /** CIDR of the virtual IPs. Packets from the host to a virtual IP may have such a source address. */
  readonly pool: string;
  /** Ranges beyond the host whose connections are accepted; CIDRs. */
  readonly external: readonly string[];
}

/** How often at most the interfaces of the host are looked at while its networks stay the same, in ms. */
const LOOK_MS = 1000;

/** The clients of virtual IPs, kept up to date with the catalog. The cost of a change is proportional to its size. */
export class ClientNetworksSet {
  readonly #hostAddresses: () => readonly string[];
  readonly #now: () => number;
  /** By task id: tasks that are on several networks, with the addresses from which they ask. */
  readonly #tasks = new Map<string, readonly (readonly [string, readonly string[]])[]>();
  #networksRevision: number | undefined;
  #current: ClientNetworks | undefined;
  #ownAddresses: readonly string[] = [];
  #lookedAt = -Infinity;
  /** Without the gateways of networks. */
  #host: readonly string[] = [];
  #isStale = true;

  /**
   * @param hostAddresses the addresses of this host's interfaces
   * @param now milliseconds of a clock that is never set
   */
  constructor(hostAddresses: () => readonly string[] = ownAddresses, now = () => performance.now()) {
    this.#hostAddresses = hostAddresses;
    this.#now = now;
  }

  /** Applies the changes since the last call. @param tasks ids; `all`: any task may have changed */
  note(snapshot: Snapshot, tasks: ChangeSet['tasks'] | 'all'): void {
    const ids =
      tasks === 'all'
        ? [...this.#tasks.keys(), ...Array.from(snapshot.tasks(), ({ id }) => id)]
        : [...tasks.added, ...tasks.changed, ...tasks.removed];
    for (const id of ids) this.#noteTask(id, snapshot.task(id));
  }

  /** @returns the same value as last time when nothing changed */
  update(snapshot: Snapshot, { pool, external }: ClientTerms): ClientNetworks {
    if (snapshot.networksRevision !== this.#networksRevision) this.#isStale = true;
    if (this.#isStale || this.#now() - this.#lookedAt >= LOOK_MS) {
      this.#lookedAt = this.#now();
      this.#ownAddresses = this.#hostAddresses();
    }
    const host = [pool, '127.0.0.0/8', '::1/128', ...this.#ownAddresses];
    const before = this.#current;
    if (
      before &&
      !this.#isStale &&
      isDeepStrictEqual(this.#host, host) &&
      isDeepStrictEqual(before.external, external)
    )
      return before;
    this.#networksRevision = snapshot.networksRevision;
    this.#isStale = false;
    this.#host = host;
    const networks = Array.from(snapshot.networks(), ({ id, subnets, bridge, gateways, separate }) => ({
      ...{ id, subnets },
      ...(bridge !== undefined && { bridge }),
      hasHost: hasHost(snapshot, id),
      ...((separate ?? gateways.length === 0) && { separate: true as const }),
    }));
    const ownGateways = Array.from(snapshot.networks(), (network) => network.gateways).flat();
    this.#current = {
      networks,
      addresses: [...this.#tasks.values()].flat(),
      host: [...host, ...ownGateways.filter((each) => !host.includes(each))],
      external,
    };
    return this.#current;
  }

  #noteTask(id: string, task: Task | undefined): void {
    const found = task ? addressesOf(task) : [];
    if (isDeepStrictEqual(found, this.#tasks.get(id) ?? [])) return;
    if (found.length > 0) this.#tasks.set(id, found);
    else this.#tasks.delete(id);
    this.#isStale = true;
  }
}

/**
 * Empty for a task on one network, whose address identifies the network, and for a task on none of this host's
 * networks.
 */
function addressesOf({
  endpoints,
  clientAddresses = [],
}: Task): readonly (readonly [string, readonly string[]])[] {
  const ids = [...new Set(endpoints.map(({ network }) => network))].sort();
  if ([ANY_NETWORK, HOST_NETWORK, OTHER_HOST].some((id) => ids.includes(id))) return [];
  if (ids.length < 2 && clientAddresses.length === 0) return [];
  return [...endpoints.map(({ ip }) => ip), ...clientAddresses].map((ip) => [ip, ids] as const);
}
