import {
  createDnsServer,
  type DnsServer,
  type DnsServerOptions,
  type TransportCounters,
} from '../dns/server/dns-server.js';
import type { Responder } from '../dns/server/responder.js';
import { addLoopbackAddress } from '../linux/addresses.js';
import { formatHostPort, isLinkLocal, type HostPort } from '../net/ip.js';
import { AddressRepair } from './address-repair.js';
import type { Part, Undo } from './lifecycle.js';
import type { LoadedConfig } from './loaded-config.js';
import type { Log } from '../net/log.js';

/** How sockets are created. */
export interface Transports {
  readonly listenUdp: NonNullable<DnsServerOptions['listenUdp']>;
  /** Absent: Node creates TCP sockets. */
  readonly openTcp: () => DnsServerOptions['openTcp'];
}

/**
 * The DNS listeners: one server for each address, so that a reload touches only addresses that were added or removed.
 */
export class Listeners implements Part {
  readonly name = 'DNS listeners';
  readonly #responder: Pick<Responder, 'respond'>;
  readonly #transports: Transports;
  readonly #log: Log;
  readonly #servers = new Map<string, DnsServer>();
  readonly #repair: AddressRepair;
  #wanted: readonly HostPort[] = [];
  #closed: TransportCounters = { udpSendErrors: 0, udpSocketErrors: 0, tcpConnections: 0, tcpRefused: 0 };

  constructor(responder: Pick<Responder, 'respond'>, transports: Transports, log: Log) {
    this.#responder = responder;
    this.#transports = transports;
    this.#log = log;
    this.#repair = new AddressRepair(() => this.#wanted.map(({ ip }) => ip), log);
  }

  /** The bound addresses, with real ports. */
  addresses(): readonly HostPort[] {
    return [...this.#servers.values()].flatMap((server) => server.addresses());
  }

  /** The counters of all listeners, including closed ones. */
  transport(): TransportCounters {
    return [...this.#servers.values()]
      .map((server) => server.transportCounters())
      .reduce(addTransport, this.#closed);
  }

  /**
   * Binds the new addresses. Link-local addresses that are not on an interface are added first.
   * @throws Error with one line if an address cannot be bound; then everything is unchanged
   */
  async prepare({ config }: LoadedConfig): Promise<Undo> {
    const before = this.#wanted;
    const wanted = config.dns.listen;
    const added: string[] = [];
    const undo = async () => {
      this.#wanted = before;
      await this.#close(added);
    };
    this.#wanted = wanted;
    try {
      for (const address of wanted) {
        const key = formatHostPort(address);
        if (this.#servers.has(key)) continue;
        const server = await this.#bind(address);
        this.#servers.set(key, server);
        added.push(key);
      }
    } catch (error) {
      await undo();
      throw error;
    }
    return undo;
  }

  start(): void {
    this.#repair.start();
  }

  /** Closes the addresses that are no longer configured. */
  async reload(): Promise<void> {
    const wanted = new Set(this.#wanted.map(formatHostPort));
    await this.#close([...this.#servers.keys()].filter((key) => !wanted.has(key)));
  }

  async stop(): Promise<void> {
    this.#repair.stop();
    await this.#close([...this.#servers.keys()]);
  }

  async #bind(address: HostPort): Promise<DnsServer> {
    if (isLinkLocal(address.ip) && (await addLoopbackAddress(address.ip)))
      this.#log.info(`added ${address.ip} to interface lo`);
    const server = createDnsServer({
      listen: [address],
      responder: this.#responder,
      listenUdp: this.#transports.listenUdp,
      openTcp: this.#transports.openTcp(),
      log: this.#log,
    });
    await server.start();
    return server;
  }

  async #close(keys: readonly string[]): Promise<void> {
    const closing = keys.map((key) => this.#servers.get(key));
    for (const key of keys) this.#servers.delete(key);
    await Promise.all(
      closing.map(async (server) => {
        await server?.stop();
        if (server) this.#closed = addTransport(this.#closed, server.transportCounters());
      }),
    );
  }
}

function addTransport(one: TransportCounters, other: TransportCounters): TransportCounters {
  return {
    udpSendErrors: one.udpSendErrors + other.udpSendErrors,
    udpSocketErrors: one.udpSocketErrors + other.udpSocketErrors,
    tcpConnections: one.tcpConnections + other.tcpConnections,
    tcpRefused: one.tcpRefused + other.tcpRefused,
  };
}
