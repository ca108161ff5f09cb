import { LRUCache } from 'lru-cache';
import { formatUpstream, type Upstream } from '../../net/upstream.js';
import { UpstreamHealth } from './upstream-health.js';
import { TlsChannel } from './tls-channel.js';
import { clientCookie, UpstreamCookie } from './upstream-cookie.js';

/** An upstream with what is remembered of it, once for all routes and clients that name it. */
export interface Peer {
  readonly upstream: Upstream;
  readonly health: UpstreamHealth;
  readonly cookie: UpstreamCookie;
  /** Present when it is asked over TLS. */
  readonly channel?: TlsChannel;
}

export interface PeersOptions {
  readonly ca?: string;
  /** Monotonic, in ms. */
  readonly now: () => number;
  readonly nextId: () => number;
  /** Secret. */
  readonly cookieKey: Uint8Array;
  /** Whether a client may not name it: a query to it would come back to us, or reach services of this host. */
  readonly isRefused: (upstream: Upstream) => boolean;
}

/** Upstreams of clients that are remembered; those of the configuration come on top. */
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

  /** The peer of an upstream that configuration names. */
  configured(upstream: Upstream): Peer {
    const key = formatUpstream(upstream);
    const peer = this.#configured.get(key) ?? this.#create(upstream);
    this.#configured.set(key, peer);
    return peer;
  }

  /** The peer of an upstream that a client brought. @returns undefined for one that a client may not name */
  ofClient(upstream: Upstream): Peer | undefined {
    const key = formatUpstream(upstream);
    const configured = this.#configured.get(key);
    if (configured) return configured;
    const known = this.#ofClients.get(key);
    const peer = known ?? (this.#options.isRefused(upstream) ? 'refused' : this.#create(upstream));
    if (known === undefined) this.#ofClients.set(key, peer);
    return peer === 'refused' ? undefined : peer;
  }

  /** Those that clients brought, the last asked first. */
  clients(): readonly Peer[] {
    return [...this.#ofClients.values()].filter((peer) => peer !== 'refused');
  }

  /** Ends all connections. */
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
