import { LRUCache } from 'lru-cache';
import { formatUpstream, type Upstream } from '../../net/upstream.js';
import { UpstreamHealth } from './upstream-health.js';
import { TlsChannel } from './tls-channel.js';
import { clientCookie, UpstreamCookie } from './upstream-cookie.js';

/** An upstream and its remembered state, shared by all routes and clients that use it. */
export interface Peer {
  readonly upstream: Upstream;
  readonly health: UpstreamHealth;
  readonly cookie: UpstreamCookie;
  /** Set if it is asked over TLS. */
  readonly channel?: TlsChannel;
}

export interface PeersOptions {
  readonly ca?: string;
  /** Monotonic clock in ms. */
  readonly now: () => number;
  readonly nextId: () => number;
  /** Must be kept secret. */
  readonly cookieKey: Uint8Array;
  /** Whether a client may not use it: queries to it would come back to us or reach services of this host. */
  readonly isRefused: (upstream: Upstream) => boolean;
}

/** How many upstreams of clients are remembered, in addition to the configured ones. */
const MAX_CLIENT_PEERS = 256;

export class Peers {
  readonly #options: PeersOptions;
  readonly #configured = new Map<string, Peer>();
  readonly #ofClients = new LRUCache<string, Peer | 'refused'>({
    max: MAX_CLIENT_PEERS,
    dispose: (peer) => {
      if (peer !== 'refused') peer.channel?.close();
    },
  });

  constructor(options: PeersOptions) {
    this.#options = options;
  }

  /** The peer of a configured upstream. */
  configured(upstream: Upstream): Peer {
    const key = formatUpstream(upstream);
    const peer = this.#configured.get(key) ?? this.#create(upstream);
    this.#configured.set(key, peer);
    return peer;
  }

  /** The peer of a client's own upstream. @returns undefined if clients may not use it */
  ofClient(upstream: Upstream): Peer | undefined {
    const key = formatUpstream(upstream);
    const configured = this.#configured.get(key);
    if (configured) return configured;
    const known = this.#ofClients.get(key);
    const peer = known ?? (this.#options.isRefused(upstream) ? 'refused' : this.#create(upstream));
    if (known === undefined) this.#ofClients.set(key, peer);
    return peer === 'refused' ? undefined : peer;
  }

  /** The upstreams of clients, the most recently used first. */
  clients(): readonly Peer[] {
    return [...this.#ofClients.values()].filter((peer) => peer !== 'refused');
  }

  /** Closes all connections. */
  close(): void {
    for (const peer of this.#configured.values()) peer.channel?.close();
    this.#ofClients.clear();
  }

  #create(upstream: Upstream): Peer {
    const { now, nextId, cookieKey, ca } = this.#options;
    return {
      upstream,
      health: new UpstreamHealth(upstream, now),
      cookie: new UpstreamCookie(clientCookie(cookieKey, formatUpstream(upstream))),
      ...(upstream.tls && {
        channel: new TlsChannel({ upstream, nextId, now, ...(ca !== undefined && { ca }) }),
      }),
    };
  }
}
