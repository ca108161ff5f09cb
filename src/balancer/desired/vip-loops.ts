import { serviceNameOf } from '../../catalog/model.js';
import { formatHostPort, parseCidr, type Cidr } from '../../net/ip.js';
import type { DesiredBackend, VirtualService } from '../plane.js';
import { placeText } from './place-text.js';

/** What is to be carried, without the tasks by which virtual IPs would lead back to themselves. */
export interface Unlooped {
  readonly services: readonly VirtualService[];
  /** One line for each loop, with what to do. */
  readonly loops: readonly string[];
}

/**
 * Cuts the loops out of virtual services. A task may be at the address of another virtual IP; where these lead back
 * to the first one, each connection would make the next one until a core is busy with nothing else.
 */
export class VipLoops {
  #pool = '';
  #range: Cidr | undefined;
  /** What each IPv4 address of the pool begins with. */
  #prefix = '';
  /** Those of each service that are at addresses of the pool; they hang on its value, as it is new when anything of it changes. */
  #inner = new WeakMap<VirtualService, readonly DesiredBackend[]>();
  readonly #cut = new WeakMap<VirtualService, { readonly left: string; readonly service: VirtualService }>();

  /** @param pool CIDR of the virtual IPs */
  cut(services: readonly VirtualService[], pool: string): Unlooped {
    if (this.#pool !== pool) {
      this.#pool = pool;
      this.#range = parseCidr(pool);
      this.#prefix = commonPrefix(pool);
      this.#inner = new WeakMap();
    }
    const chained = services.filter((each) => this.#innerOf(each).length > 0);
    if (chained.length === 0) return { services, loops: [] };
    const byPlace = new Map(chained.map((each) => [placeText(each), each]));
    const next = (service: VirtualService) =>
      this.#innerOf(service).flatMap((backend) => byPlace.get(placeOf(service, backend)) ?? []);
    const loops = chained.map((each) => loopFrom(each, next)).filter((loop) => loop !== undefined);
    const looped = new Set(loops.flat());
    // Each of its services has found the loop.
    const told = new Map<string, string>();
    for (const loop of loops) {
      const key = loop.map(placeText).sort().join(' ');
      if (!told.has(key)) told.set(key, describe(loop));
    }
    return {
      services: services.map((each) => (looped.has(each) ? this.#without(each, byPlace, looped) : each)),
      loops: [...told.values()],
    };
  }

  #innerOf(service: VirtualService): readonly DesiredBackend[] {
    let inner = this.#inner.get(service);
    if (!inner) {
      inner = service.backends.filter(
        ({ address: { ip } }) => ip.startsWith(this.#prefix) && this.#range?.contains(ip),
      );
      this.#inner.set(service, inner);
    }
    return inner;
  }

  /** The service without the tasks that are virtual IPs of a loop; the same value as last time when it leaves out the same. */
  #without(
    service: VirtualService,
    byPlace: ReadonlyMap<string, VirtualService>,
    looped: ReadonlySet<VirtualService>,
  ): VirtualService {
    const backends = service.backends.filter((backend) => {
      const target = byPlace.get(placeOf(service, backend));
      return !target || !looped.has(target);
    });
    const left = backends.map(({ id }) => id).join(' ');
    const known = this.#cut.get(service);
    if (known?.left === left) return known.service;
    const cut = { ...service, backends };
    this.#cut.set(service, { left, service: cut });
    return cut;
  }
}

/** `10.43.` of `10.43.0.0/16`; '' where the text of an address does not tell. */
function commonPrefix(pool: string): string {
  const [address = '', bits = '32'] = pool.split('/');
  if (address.includes(':')) return '';
  const octets = address.split('.').slice(0, Math.floor(Number(bits) / 8));
  return octets.length === 4 ? address : octets.map((octet) => `${octet}.`).join('');
}

function placeOf({ protocol }: VirtualService, { address }: DesiredBackend): string {
  return `${formatHostPort(address)}/${protocol}`;
}

/** The shortest way from a service back to itself; undefined: there is none. */
function loopFrom(
  start: VirtualService,
  next: (service: VirtualService) => readonly VirtualService[],
): readonly VirtualService[] | undefined {
  const cameFrom = new Map<VirtualService, VirtualService>();
  const queue = [start];
  for (const service of queue) {
    for (const each of next(service)) {
      if (each === start) {
        const way = [service];
        for (let at = service; at !== start;) {
          at = cameFrom.get(at) ?? start;
          way.unshift(at);
        }
        return way;
      }
      if (cameFrom.has(each)) continue;
      cameFrom.set(each, service);
      queue.push(each);
    }
  }
  return undefined;
}

function describe(loop: readonly VirtualService[]): string {
  const names = loop.map((each) => `${serviceNameOf(each.service)} (${placeText(each)})`);
  const [first = ''] = names;
  return (
    `virtual IPs lead back to themselves: ${[...names, first].join(' -> ')}; ` +
    `the tasks that are such addresses are left out; give them addresses of their own`
  );
}
