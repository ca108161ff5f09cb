import type { Problem } from '../catalog/model.js';
import { parseNameservers, parseSearchList } from '../dns/forward/resolv-conf.js';
import type { Log } from '../net/log.js';
import { watchFile } from '../text/file-watch.js';
import type { Part } from './lifecycle.js';
import type { LoadedConfig } from './loaded-config.js';
import type { NamesInForce } from './names-in-force.js';
import { readResolvConf } from './read-resolv-conf.js';

export interface ResolvConfWatchOptions {
  readonly path: string;
  readonly names: Pick<NamesInForce, 'current' | 'renew'>;
  /** Receives the word that names are answered in another way from now on. */
  readonly onChange: () => void;
  readonly log: Log;
}

/**
 * Follows the host's resolv.conf while `dns.upstreams` is `system`: DHCP clients, VPNs and systemd-resolved write it
 * again and again, and at boot it is often empty when Fairlead starts. A symbolic link counts as what it leads to.
 */
export class ResolvConfWatch implements Part {
  readonly name = 'resolv.conf';
  readonly #options: ResolvConfWatchOptions;
  #watch: { close(): void } | undefined;
  #seen: string | undefined;
  #isSystem = false;

  constructor(options: ResolvConfWatchOptions) {
    this.#options = options;
  }

  start(loaded: LoadedConfig): void {
    this.#isSystem = loaded.config.dns.upstreams === 'system';
    this.#watch?.close();
    this.#watch = undefined;
    if (!this.#isSystem) return;
    this.#seen = meaningOf(this.#options.path);
    this.#warn();
    this.#watch = watchFile(this.#options.path, () => this.#look());
  }

  reload(loaded: LoadedConfig): void {
    this.start(loaded);
  }

  stop(): void {
    this.#watch?.close();
    this.#watch = undefined;
  }

  /** Having no server at all: what is not ours is refused then. */
  problems(): readonly Problem[] {
    if (!this.#isSystem || this.#upstreams().length > 0) return [];
    const { path } = this.#options;
    return [
      {
        code: 'no-upstream',
        subject: path,
        message: `${path} names no DNS server but Fairlead itself, so every name that is not ours is refused; write a nameserver line into it, or set dns.upstreams`,
      },
    ];
  }

  #upstreams(): readonly unknown[] {
    return this.#options.names.current.forwarder.status().routes[0]?.upstreams ?? [];
  }

  #look(): void {
    const { path, names, onChange, log } = this.#options;
    const now = meaningOf(path);
    if (now === this.#seen) return;
    this.#seen = now;
    names.renew();
    onChange();
    log.info(`${path} has changed: ${this.#upstreams().length} upstream servers`);
    this.#warn();
  }

  #warn(): void {
    for (const { message } of this.problems()) this.#options.log.warn(message);
  }
}

/** What of a resolv.conf matters here; the same text for files that mean the same. */
function meaningOf(path: string): string {
  const text = readResolvConf(path);
  return JSON.stringify([parseNameservers(text), parseSearchList(text)]);
}
