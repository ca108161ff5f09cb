import type { HostPort } from '../../../net/ip.js';
import { SOCKET_BUFFER } from '../../../linux/dgram-socket.js';
import type { Libc } from '../../../linux/libc.js';
import { readSockaddr, SOCKADDR_SIZE } from '../../../linux/sockaddr.js';
import { openUdpSocket, type UdpSocket } from '../../../linux/udp-socket.js';
import type { Compiler } from '../../answers/compiler.js';
import { Tally, type TallyCounts } from '../../answers/tally.js';
import type { Versions } from '../../answers/versions.js';
import type { Responder } from '../responder.js';
import type { UdpCounters, UdpListener } from '../udp-server.js';
import { sumOfRestarts, type Restarts } from '../../../runtime/supervisor.js';
import { AnsweringThread, type Miss } from './answering-thread.js';
import { BLOCK_MS } from './answering-messages.js';
import type { Log } from '../../../net/log.js';

export interface NativeUdpOptions {
  readonly libc: Libc;
  /** The number of answering threads. Each has its own socket for every address. */
  readonly workers: number;
  /** Whether they run as real-time threads, if the system allows it. */
  readonly realTime: boolean;
  /** Whether a running daemon still uses the same addresses. */
  readonly sharesAddresses?: boolean;
  readonly versions: Versions;
  readonly compiler: Compiler;
  readonly responder: Pick<Responder, 'respond'>;
  readonly log: Pick<Log, 'warn'>;
  /** The script of a thread; by default the compiled file of this package. */
  readonly script?: URL;
}

/** A listening address, with one socket per thread. */
interface Group {
  readonly address: HostPort;
  readonly sockets: readonly UdpSocket[];
  readonly ids: readonly number[];
  readonly counters: UdpCounters;
  inFlight: number;
  onDrained: () => void;
  isClosed: boolean;
}

/**
 * UDP with answering threads that block in recvmmsg(2). Queries that they cannot answer are answered here by the
 * responder and leave through the socket at which they arrived.
 */
export class NativeUdp {
  readonly #options: NativeUdpOptions;
  readonly #threads: readonly AnsweringThread[];
  readonly #groups = new Map<number, { readonly group: Group; readonly socket: UdpSocket }>();
  #nextId = 1;

  constructor(options: NativeUdpOptions) {
    this.#options = options;
    const { versions, log, realTime, script } = options;
    this.#threads = Array.from(
      { length: options.workers },
      () =>
        new AnsweringThread({
          versions,
          realTime,
          script,
          onMiss: (miss, thread) => {
            this.#answer(miss, thread);
          },
          onCrash: (reason) => {
            log.warn(`an answering thread ended (${reason}); it is started again, please report it`);
          },
        }),
    );
  }

  /** The counterpart of `listenUdp`, which uses dgram. @throws SystemCallError when the address is not available */
  listen(address: HostPort, counters: UdpCounters): UdpListener {
    const sockets = this.#open(address);
    const group: Group = {
      address: sockets[0]?.address ?? address,
      sockets,
      ids: sockets.map(() => this.#nextId++),
      counters,
      inFlight: 0,
      onDrained: () => undefined,
      isClosed: false,
    };
    for (const [at, socket] of sockets.entries()) {
      const id = group.ids[at] ?? 0;
      this.#groups.set(id, { group, socket });
      this.#threads[at]?.serve({ id, fd: socket.fd });
    }
    return {
      address: group.address,
      drain: () => this.#drain(group),
      close: () => this.#close(group),
    };
  }

  /** Gives an entry to every thread. */
  install(entry: Int32Array): void {
    for (const thread of this.#threads) thread.install(entry);
  }

  /** Restarts of all threads together. */
  get restarts(): Restarts {
    return sumOfRestarts(this.#threads);
  }

  counts(): TallyCounts {
    return Tally.sum(this.#threads.map(({ tally }) => tally));
  }

  /** Close the listeners first. */
  async stop(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.stop()));
  }

  #open(address: HostPort): UdpSocket[] {
    const { libc, workers } = this.#options;
    const options = { buffers: SOCKET_BUFFER, receiveTimeout: BLOCK_MS };
    // A successor shares the address during the takeover.
    const shared = { ...options, reusePort: true };
    let free = address;
    if (!this.#options.sharesAddresses) {
      // SO_REUSEPORT would also share the address with another program's sockets. A socket without it shows whether the
      // address is free.
      const probe = openUdpSocket(libc, address);
      free = probe.address;
      probe.close();
    }
    const sockets: UdpSocket[] = [];
    try {
      for (let i = 0; i < workers; i++) sockets.push(openUdpSocket(libc, free, shared));
      return sockets;
    } catch (error) {
      for (const socket of sockets) socket.close();
      throw error;
    }
  }

  #answer({ socket: id, name, packet, sampled }: Miss, thread: AnsweringThread): void {
    const known = this.#groups.get(id);
    if (!known || known.group.isClosed) return;
    const { group, socket } = known;
    const { ip, port } = readSockaddr(name);
    const to = new Uint8Array(new ArrayBuffer(SOCKADDR_SIZE));
    to.set(name);
    const send = (reply: Buffer) => {
      if (!group.isClosed && socket.send(reply, to)) group.counters.sendErrors++;
    };
    const client = { address: ip, port, transport: 'udp' as const, sampled };
    const reply = this.#options.responder.respond(packet, client);
    if (reply instanceof Promise) {
      group.inFlight++;
      void reply.then((late) => {
        if (late) send(late);
        if (--group.inFlight === 0) group.onDrained();
      });
      return;
    }
    if (reply) send(reply);
    const { client: clientEntry, answer } = this.#options.compiler.compile(packet, ip);
    if (clientEntry) thread.install(clientEntry);
    if (answer) thread.install(answer);
  }

  async #release({ ids, sockets }: Group): Promise<void> {
    // New datagrams go to a successor that shares the address, if there is one. Queued ones are still answered here.
    for (const socket of sockets) socket.refuseNew();
    await Promise.all(this.#threads.map((thread, at) => thread.release(ids[at] ?? 0)));
  }

  async #drain(group: Group): Promise<void> {
    await this.#release(group);
    if (group.inFlight === 0) return;
    await new Promise<void>((resolve) => {
      group.onDrained = resolve;
    });
  }

  async #close(group: Group): Promise<void> {
    group.isClosed = true;
    // Not while a thread may still read from it: the number could then belong to another file.
    await this.#release(group);
    for (const id of group.ids) this.#groups.delete(id);
    for (const socket of group.sockets) socket.close();
  }
}
