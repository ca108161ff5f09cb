import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { canonicalIp, ipFamily } from '../../../net/ip.js';
import type { Backend } from '../../flows/backend.js';
import { BatchPace } from './batch-pace.js';
import type { UdpBatch } from './udp-batch.js';
import { flowKey } from './udp-flow-key.js';
import { SendGate } from './udp-send-gate.js';

const ANY_ADDRESS = { ip: '0.0.0.0', port: 0 };

/** One datagram, in one or several pieces. */
export type Payload = Buffer | Buffer[];

/** How many datagrams may wait while a socket connects. */
const MAX_QUEUED = 8;

/**
 * What an error of a connected socket means.
 * - `task`: nothing listens there (ICMP port, host or network unreachable, RFC 792), or there is no route
 * - `local`: this host has no file descriptor or no port left
 * - `datagram`: one datagram could not be sent; the task is not to blame
 */
export type UpstreamFault = 'task' | 'local' | 'datagram';

const TASK_FAULTS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'port unreachable',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
  EHOSTDOWN: 'host unreachable',
};
const LOCAL_FAULTS = new Set(['EMFILE', 'ENFILE', 'EADDRINUSE', 'EADDRNOTAVAIL', 'ENOMEM', 'ENOBUFS']);

/** @typeParam Session identifies whose datagrams a socket carries */
export interface UpstreamEvents<Session> {
  reply(upstream: UdpUpstream<Session>, datagram: Buffer): void;
  /** The first `count` datagrams of the batch arrived after one that `reply` reported. */
  replies(upstream: UdpUpstream<Session>, count: number): void;
  /** @param reason worded like a passive signal */
  fault(upstream: UdpUpstream<Session>, fault: UpstreamFault, reason: string): void;
}

/** A socket connected to one task. Only the task can send to it, and the kernel reports when nothing listens there. */
export class UdpUpstream<Session> {
  readonly backend: Backend;
  /** The session whose datagrams it carries. Undefined while it rests. */
  session: Session | undefined;
  /** When its last session ended. */
  restingSince = 0;
  /** The number of sessions so far. */
  uses = 0;
  closed = false;
  readonly #socket: Socket;
  readonly #gate: SendGate;
  readonly #events: UpstreamEvents<Session>;
  readonly #sent: (error: Error | null) => void;
  readonly #batch: UdpBatch | undefined;
  readonly #pace = new BatchPace();
  #fd: number | undefined;
  #queue: Payload[] | undefined = [];

  /** @param batch undefined: datagrams are sent singly */
  constructor(backend: Backend, events: UpstreamEvents<Session>, batch: UdpBatch | undefined) {
    this.backend = backend;
    this.#events = events;
    this.#sent = (error) => {
      if (error) this.#fail(error);
    };
    const family = ipFamily(backend.desired.address.ip);
    this.#batch = family === 4 ? batch : undefined;
    this.#socket = createSocket({
      type: family === 4 ? 'udp4' : 'udp6',
      // Tasks are addresses, never names.
      lookup: (host, _options, callback) => {
        callback(null, host, family);
      },
    });
    this.#gate = new SendGate(this.#socket);
    this.#connect();
  }

  /**
   * @param checked whether to check for an error after sending. This costs a turn of the microtask queue. Without it,
   * an unreachable task shows when the socket is next read, unless an unchecked send consumes the error
   */
  send(datagram: Payload, checked: boolean): void {
    if (this.closed) return;
    if (this.#queue) {
      if (this.#queue.length < MAX_QUEUED) this.#queue.push(datagram);
      return;
    }
    if (!this.#gate.open()) return;
    try {
      if (checked) this.#socket.send(datagram, this.#sent);
      else this.#socket.send(datagram);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Whether {@link sendBatch} may be used. */
  get sendsBatches(): boolean {
    return this.#fd !== undefined && this.#queue === undefined && !this.closed;
  }

  /** Sends prepared places of the batch. */
  sendBatch(first: number, count: number): void {
    if (this.#fd === undefined || this.closed) return;
    const error = this.#batch?.send(this.#fd, first, count);
    if (error) this.#fail(error);
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.#queue = undefined;
    this.#socket.close();
  }

  #connect(): void {
    this.#socket.on('message', (datagram, from) => {
      if (this.closed || !this.#isTask(from)) return;
      this.#events.reply(this, datagram);
      if (this.#fd !== undefined && this.session && this.#pace.due()) this.#readBatch(this.#fd);
    });
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.once('connect', () => this.#connected());
    try {
      if (this.#batch) this.#fd = this.#batch.bind(this.#socket, ANY_ADDRESS);
      this.#socket.connect(this.backend.desired.address.port, this.backend.desired.address.ip);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Before the socket was connected, any host could send to it. */
  #isTask({ address, port }: RemoteInfo): boolean {
    const { ip, port: taskPort } = this.backend.desired.address;
    return port === taskPort && (address === ip || canonicalIp(address) === ip);
  }

  #readBatch(fd: number): void {
    const batch = this.#batch;
    if (!batch) return;
    const count = batch.receive(fd);
    if (typeof count !== 'number') {
      this.#fail(count);
      return;
    }
    this.#pace.note(count);
    const task = flowKey(this.backend.desired.address.ip, this.backend.desired.address.port);
    for (let place = 0; place < count; place++) if (batch.peer(place) !== task) return;
    if (count > 0) this.#events.replies(this, count);
  }

  #connected(): void {
    const queued = this.#queue ?? [];
    this.#queue = undefined;
    for (const datagram of queued) this.send(datagram, queued.length > 1);
  }

  #fail(error: unknown): void {
    if (this.closed) return;
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (LOCAL_FAULTS.has(code)) this.#events.fault(this, 'local', code);
    // An address to which the socket cannot connect counts as unreachable.
    else if (code in TASK_FAULTS || this.#queue) this.#events.fault(this, 'task', TASK_FAULTS[code] ?? code);
    else this.#events.fault(this, 'datagram', code);
  }
}
