import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { afterEach } from 'vitest';
import type { DesiredBackend, PassiveSignal, VirtualService } from '../../../../src/balancer/plane.js';
import { FlowBudget } from '../../../../src/balancer/flows/flow-budget.js';
import type { LocalFrontend } from '../../../../src/balancer/proxy/frontend.js';
import { listenUdp, type UdpOptions } from '../../../../src/balancer/proxy/udp/udp-frontend.js';
import { createScheduler } from '../../../../src/balancer/schedulers/all-schedulers.js';
import type { HostPort } from '../../../../src/net/ip.js';

export interface Received {
  readonly datagram: Buffer;
  readonly from: RemoteInfo;
}

/** A UDP socket that keeps what it has received. */
export interface Peer {
  readonly address: HostPort;
  readonly received: Received[];
  send(datagram: Buffer | string, to: HostPort): void;
  /** The next datagram that nobody has taken yet. */
  next(): Promise<Received>;
  close(): Promise<void>;
}

/** What a task answers, at once or by calling back; nothing when it is absent. */
export type Behaviour = (received: Received, reply: (datagram: Buffer | string) => void) => void;

export const echo: Behaviour = ({ datagram }, reply) => reply(datagram);

export interface Served {
  readonly frontend: LocalFrontend;
  readonly vip: HostPort;
  /** `task ok`, `task reason`. */
  readonly signals: string[];
  readonly budget: FlowBudget;
  update(over: Partial<VirtualService>): void;
  /** Moves the clock on and ticks. */
  pass(milliseconds: number): void;
  /** Whether it ticks. */
  readonly ticking: () => boolean;
}

export interface Setup {
  readonly peer: (ip: string, behave?: Behaviour, port?: number) => Promise<Peer>;
  readonly serve: (
    backends: readonly DesiredBackend[],
    over?: Partial<VirtualService>,
    options?: UdpOptions & { readonly descriptors?: number },
  ) => Promise<Served>;
}

export function task(id: string, address: HostPort, over: Partial<DesiredBackend> = {}): DesiredBackend {
  return { id, name: id, address, weight: 1, state: 'active', ...over };
}

/** Waits until something is so; the test's own timeout bounds it. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 2));
}

/** A DNS query for one name of one label, with an ID. */
export function dnsQuery(id: number, label: string): Buffer {
  const question = [label.length, ...Buffer.from(label), 0, 0, 1, 0, 1];
  return Buffer.from([id >> 8, id & 0xff, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...question]);
}

/** The reply to a query: the QR bit set, and a text behind it that distinguishes replies. */
export function dnsReply(query: Buffer, text = ''): Buffer {
  const reply = Buffer.concat([query, Buffer.from(text)]);
  reply.writeUInt8(reply.readUInt8(2) | 0x80, 2);
  return reply;
}

/** What a test file's cases make, taken down after each. @param second of the file's own part of 127.0.0.0/8 */
export function setUpUdp(second: number): Setup {
  const cleanUp: (() => Promise<void>)[] = [];
  let vips = 0;
  afterEach(async () => {
    for (const each of cleanUp.splice(0).reverse()) await each();
  });
  return {
    async peer(ip, behave, port = 0) {
      const peer = await openPeer({ ip, port }, behave);
      cleanUp.push(() => peer.close());
      return peer;
    },
    async serve(backends, over = {}, { descriptors = 1000, ...options } = {}) {
      const clock = { now: 1000, tick: undefined as (() => void) | undefined };
      const signals: string[] = [];
      const budget = new FlowBudget({ flows: 100_000, descriptors, waiting: 0 });
      let service: VirtualService = {
        service: 'default/shop/dns',
        vip: `127.${second}.0.${++vips}`,
        port: 0,
        protocol: 'udp',
        scheduler: 'rr',
        backends,
        ...over,
      };
      const context = {
        createScheduler: ({ scheduler }: Pick<VirtualService, 'scheduler'>) => createScheduler(scheduler),
        now: () => clock.now,
        onSignal: ({ backend, ok, reason }: PassiveSignal) => {
          signals.push(`${backend} ${ok ? 'ok' : String(reason)}`);
        },
        limits: budget,
        log: { warn: (message: string) => void signals.push(message) },
      };
      const frontend = await listenUdp(service, context, {
        every: (_milliseconds, run) => {
          clock.tick = run;
          return () => (clock.tick = undefined);
        },
        ...options,
      });
      cleanUp.push(() => frontend.close());
      return {
        frontend,
        vip: frontend.address,
        signals,
        budget,
        update(changes) {
          service = { ...service, ...changes };
          frontend.update(service);
        },
        pass(milliseconds) {
          clock.now += milliseconds;
          clock.tick?.();
        },
        ticking: () => clock.tick !== undefined,
      };
    },
  };
}

async function openPeer({ ip, port }: HostPort, behave?: Behaviour): Promise<Peer> {
  const socket: Socket = createSocket({ type: 'udp4', recvBufferSize: 1024 * 1024 });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(port, ip, resolve);
  });
  const received: Received[] = [];
  const waiting: ((received: Received) => void)[] = [];
  let taken = 0;
  let isOpen = true;
  const send = (datagram: Buffer | string, to: HostPort): void => {
    if (isOpen) socket.send(datagram, to.port, to.ip);
  };
  socket.on('message', (datagram, from) => {
    const each = { datagram, from };
    received.push(each);
    behave?.(each, (reply) => send(reply, { ip: from.address, port: from.port }));
    if (waiting.length > 0) taken++;
    waiting.shift()?.(each);
  });
  return {
    address: { ip, port: socket.address().port },
    received,
    send,
    next: () => {
      const already = received[taken];
      if (!already) return new Promise((resolve) => waiting.push(resolve));
      taken++;
      return Promise.resolve(already);
    },
    close: () =>
      new Promise((resolve) => {
        if (!isOpen) resolve();
        else socket.close(() => resolve());
        isOpen = false;
      }),
  };
}
