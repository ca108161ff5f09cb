import {
  createDnsServer,
  type DnsLog,
  type DnsServer,
  type DnsServerOptions,
} from '../dns/server/dns-server.js';
import type { Responder } from '../dns/server/responder.js';
import { addLoopbackAddress } from '../linux/addresses.js';
import { formatHostPort, isLinkLocal, type HostPort } from '../net/ip.js';

/** The DNS listeners, one server an address, so that a reload touches only the addresses that came and went. */
export class Listeners {
  readonly #responder: Pick<Responder, 'respond'>;
  readonly #listenUdp: NonNullable<DnsServerOptions['listenUdp']>;
  readonly #log: DnsLog;
  #servers = new Map<string, DnsServer>();

  constructor(
    responder: Pick<Responder, 'respond'>,
    listenUdp: NonNullable<DnsServerOptions['listenUdp']>,
    log: DnsLog,
  ) {
    this.#responder = responder;
    this.#listenUdp = listenUdp;
    this.#log = log;
  }

  /** What is bound, with real ports. */
  addresses(): readonly HostPort[] {
    return [...this.#servers.values()].flatMap((server) => server.addresses());
  }

  /**
   * Binds what is new; link-local addresses that are on no interface are added first.
   * @returns closes what is no longer wanted: called when everything else of the change has worked
   * @throws Error with one line when something cannot be bound; everything is then as it was before
   */
  async change(wanted: readonly HostPort[]): Promise<() => Promise<void>> {
    const added = new Map<string, DnsServer>();
    try {
      for (const address of wanted) {
        const key = formatHostPort(address);
        if (this.#servers.has(key)) continue;
        if (isLinkLocal(address.ip) && (await addLoopbackAddress(address.ip))) {
          this.#log.info(`added ${address.ip} to interface lo`);
        }
        const server = createDnsServer({
          listen: [address],
          responder: this.#responder,
          listenUdp: this.#listenUdp,
          log: this.#log,
        });
        await server.start();
        added.set(key, server);
      }
    } catch (error) {
      await stopAll(added.values());
      throw error;
    }
    const keys = new Set(wanted.map(formatHostPort));
    const gone = [...this.#servers].filter(([key]) => !keys.has(key));
    this.#servers = new Map([...this.#servers, ...added]);
    return async () => {
      for (const [key] of gone) this.#servers.delete(key);
      await stopAll(gone.map(([, server]) => server));
    };
  }

  async close(): Promise<void> {
    await stopAll(this.#servers.values());
    this.#servers.clear();
  }
}

async function stopAll(servers: Iterable<DnsServer>): Promise<void> {
  await Promise.all([...servers].map((server) => server.stop()));
}
