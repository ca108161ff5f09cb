import type { Catalog } from '../catalog/catalog.js';
import type { Snapshot } from '../catalog/snapshot.js';
import { removeSourceGuard, watchSourceGuard, writeSourceGuard } from '../linux/source-guard.js';
import { errorMessage } from '../net/error-message.js';
import { isLoopback, type HostPort } from '../net/ip.js';
import type { Log } from '../net/log.js';
import type { Part } from './lifecycle.js';

/** What the guard needs of the kernel. */
export interface GuardHost {
  readonly write: typeof writeSourceGuard;
  readonly remove: typeof removeSourceGuard;
  readonly watch: typeof watchSourceGuard;
}

const kernel: GuardHost = {
  write: writeSourceGuard,
  remove: removeSourceGuard,
  watch: watchSourceGuard,
};

/**
 * Keeps datagrams with forged sources from the listeners. The source decides what a client sees and whose queries wait
 * for upstreams: a container that sends with the address of one on another network would take that one's share. The
 * kernel compares, before a packet reaches us (IP_PKTINFO would cost every query a control message).
 */
export class SpoofGuard implements Part {
  readonly name = 'guard against forged sources';
  readonly #catalog: Catalog;
  readonly #listeners: () => readonly HostPort[];
  readonly #log: Log;
  readonly #host: GuardHost;
  #unsubscribe: (() => void) | undefined;
  #stopWatching: (() => void) | undefined;
  /** What the kernel has; undefined: nothing. */
  #listen: readonly HostPort[] | undefined;
  #subnets = '';
  #working: Promise<void> = Promise.resolve();
  /** Why the kernel refused; logged once. */
  #failed: string | undefined;

  constructor(catalog: Catalog, listeners: () => readonly HostPort[], log: Log, host = kernel) {
    this.#catalog = catalog;
    this.#listeners = listeners;
    this.#log = log;
    this.#host = host;
  }

  /** Waits for nothing: names are answered meanwhile. */
  start(): void {
    this.#unsubscribe = this.#catalog.onChange(({ networks }) => {
      if (networks.added.length + networks.changed.length + networks.removed.length > 0) this.#due();
    });
    this.#due();
  }

  reload(): void {
    this.#due();
  }

  /** Resolves when the kernel has what is wanted now, or has refused it. */
  async stop(hasSuccessor = false): Promise<void> {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    await this.#working;
    this.#unwatch();
    const listen = this.#listen;
    this.#listen = undefined;
    if (listen && !hasSuccessor) await this.#attempt(() => this.#host.remove(listen));
  }

  #due(): void {
    this.#working = this.#working.then(() => (this.#unsubscribe ? this.#apply() : undefined));
  }

  async #apply(isTampered = false): Promise<void> {
    // No network leads to loopback.
    const listen = this.#listeners().filter(({ ip }) => !isLoopback(ip));
    const networks = listen.length === 0 ? [] : subnetsOf(this.#catalog.snapshot);
    const before = this.#listen;
    const isSame = before !== undefined && textOf(before) === textOf(listen);
    if (isSame && !isTampered && this.#subnets === networks.join()) return;
    if (before && !isSame) {
      this.#unwatch();
      this.#listen = undefined;
      await this.#attempt(() => this.#host.remove(before));
    }
    if (networks.length === 0 && this.#listen === undefined) return;
    if (!(await this.#attempt(() => this.#host.write({ listen, networks })))) return;
    this.#listen = listen;
    this.#subnets = networks.join();
    this.#stopWatching ??= this.#host.watch(
      listen,
      () => {
        this.#log.warn('another program changed the rules against forged sources; they are written again');
        this.#working = this.#working.then(() => (this.#unsubscribe ? this.#apply(true) : undefined));
      },
      () => {
        this.#stopWatching = undefined;
      },
    );
  }

  #unwatch(): void {
    this.#stopWatching?.();
    this.#stopWatching = undefined;
  }

  async #attempt(work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      this.#failed = undefined;
      return true;
    } catch (error) {
      const why = errorMessage(error);
      if (this.#failed !== why)
        this.#log.info('packets with forged addresses of other networks are not recognised', { why });
      this.#failed = why;
      return false;
    }
  }
}

/** Of networks with a bridge on this host: all packets of one come in by it. */
function subnetsOf(snapshot: Snapshot): readonly string[] {
  return [...snapshot.networks()]
    .filter(({ bridge }) => bridge !== undefined)
    .flatMap(({ subnets }) => subnets)
    .sort();
}

function textOf(listen: readonly HostPort[]): string {
  return listen.map(({ ip, port }) => `${ip} ${port}`).join();
}
