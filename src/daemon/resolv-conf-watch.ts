import type { Problem } from '../catalog/model.js';
import { parseNameservers, parseSearchList } from '../dns/forward/system-upstreams.js';
import type { Log } from '../net/log.js';
import { watchFile } from '../text/file-watch.js';
import type { Part } from './lifecycle.js';
import type { LoadedConfig } from './loaded-config.js';
import type { NamesInForce } from './names-in-force.js';
import { readResolvConf } from './read-resolv-conf.js';

export interface ResolvConfWatchOptions {
  readonly path: string;
  readonly names: Pick<NamesInForce, 'current' | 'renew'>;
  /** Called when names are answered differently from now on. */
  readonly onChange: () => void;
  readonly log: Log;
}

/**
 * Follows the host's resolv.conf while `dns.upstreams` is `system`: DHCP clients, VPNs and systemd-resolved rewrite it
 * often, and at boot it is often empty when Fairlead starts. Symbolic links are followed.
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

  /** Without any server, names outside the domain are refused. */
  problems(): readonly Problem[] {
    if (!this.#isSystem || this.#upstreams().length > 0) return [];
    const { path } = this.#options;
    return [
      {
        code: 'no-upstream',
        subject: path,
        message: `${path} names no DNS server except Fairlead itself, so names outside the domain are refused; add a nameserver line, or set dns.upstreams`,
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

/** The relevant part of a resolv.conf; files with the same meaning give the same text. */
function meaningOf(path: string): string {
  const text = readResolvConf(path);
  return JSON.stringify([parseNameservers(text), parseSearchList(text)]);
}
