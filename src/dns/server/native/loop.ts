import { receiveMessageOnPort, type MessagePort } from 'node:worker_threads';
import type { Libc } from '../../../linux/libc.js';
import { Moment } from '../../../linux/moment.js';
import { DatagramBatch } from '../../../linux/datagram-batch.js';
import { SOCKADDR, SOCKADDR_SIZE } from '../../../linux/sockaddr.js';
import { Urgency } from '../../../linux/urgency.js';
import { createAnswerer, MISS, type Answerer } from '../../answers/answerer.js';
import { Ring } from '../../answers/ring.js';
import { Store } from '../../answers/store.js';
import { Tally } from '../../answers/tally.js';
import { Versions } from '../../answers/versions.js';
import { wordsFor } from '../../answers/entry.js';
import {
  BLOCK_MS,
  CONTROL,
  MISS_RECORD,
  type Command,
  type Report,
  type WorkerInput,
  type WorkerSocket,
} from './answering-messages.js';

/** How long a released socket's queue is still answered at most. */
const RELEASE_MS = 500;

/**
 * An answering thread: receives queries, answers what it knows, and passes the rest to the main thread. It blocks in
 * the kernel while idle.
 */
export class Loop {
  readonly #port: MessagePort;
  readonly #batch: DatagramBatch;
  readonly #store: Store;
  readonly #answerer: Answerer;
  readonly #tally: Tally;
  readonly #urgency: Urgency;
  /** When the batch started. */
  readonly #started: Moment;
  readonly #ended: Moment;
  readonly #entries: Ring;
  readonly #misses: Ring;
  readonly #control: Int32Array;
  #sockets: readonly WorkerSocket[] = [];
  #fds: readonly number[] = [];
  /** The socket, if there is exactly one. */
  #only: WorkerSocket | undefined;
  #commands = 0;
  #hasMisses = false;
  #isStopped = false;

  constructor(libc: Libc, { shared, seed, realTime }: WorkerInput, port: MessagePort) {
    this.#port = port;
    this.#batch = new DatagramBatch(libc);
    const versions = new Versions(shared.versions);
    this.#store = new Store(versions);
    this.#tally = new Tally(shared.tally);
    this.#started = new Moment(libc);
    this.#ended = new Moment(libc);
    this.#urgency = Urgency.ofThread(libc, { realTime });
    this.#entries = new Ring(shared.entries);
    this.#misses = new Ring(shared.misses);
    this.#control = new Int32Array(shared.control);
    const { octets, words } = this.#batch;
    this.#answerer = createAnswerer({
      store: this.#store,
      versions,
      tally: this.#tally,
      octets,
      words,
      seed,
    });
  }

  /** Runs until it is asked to stop. @throws the kernel's error if a socket cannot be read */
  run(): void {
    while (!this.#isStopped) {
      this.#obey();
      if (this.#only) this.#serve(this.#only, true);
      else if (this.#sockets.length > 0) this.#serveAll();
      else Atomics.wait(this.#control, CONTROL.commands, this.#commands, BLOCK_MS);
    }
  }

  #serveAll(): void {
    let served = 0;
    for (const socket of this.#sockets) served += this.#serve(socket, false);
    if (served === 0) this.#batch.poll(this.#fds, BLOCK_MS);
  }

  /** Handles one batch. @returns the number of datagrams in it */
  #serve(socket: WorkerSocket, wait: boolean): number {
    const batch = this.#batch;
    const received = batch.receive(socket.fd, wait);
    if (received === 0) return 0;
    this.#started.take();
    this.#takeEntries();
    this.#answerer.begin(this.#started.seconds);
    let unsent = 0;
    for (let place = 0; place < received; place++) {
      const reply = this.#answer(socket, place);
      if (reply > 0) {
        batch.setLength(place, reply);
      } else {
        this.#send(socket.fd, unsent, place - unsent);
        unsent = place + 1;
      }
    }
    this.#send(socket.fd, unsent, received - unsent);
    batch.reset(received, SOCKADDR_SIZE);
    this.#ring();
    this.#ended.take();
    this.#tally.batch(received, this.#ended.since(this.#started));
    this.#urgency.look();
    return received;
  }

  /** @returns the size of the reply in bytes; 0 for none */
  #answer(socket: WorkerSocket, place: number): number {
    const batch = this.#batch;
    const nameAt = batch.nameAt(place);
    const length = batch.lengthAt(place);
    // A reply cannot be sent to port 0, and no resolver uses that port.
    if ((batch.words[nameAt >> 2] ?? 0) >>> (SOCKADDR.port * 8) === 0) {
      this.#tally.count('sourcePort');
      return 0;
    }
    const isSampled = this.#answerer.isSampled();
    const reply = isSampled ? MISS : this.#answerer.answer(batch.datagramAt(place), length, nameAt);
    if (reply === MISS) this.#pass(socket, place, length, isSampled ? 1 : 0);
    return reply;
  }

  #send(fd: number, first: number, count: number): void {
    let [from, left] = [first, count];
    while (left > 0) {
      const sent = this.#batch.send(fd, from, left);
      // If the kernel refuses one reply (a firewall, an unreachable network), other clients still get theirs.
      if (sent <= 0) this.#tally.count('sendErrors');
      const done = Math.max(1, sent);
      from += done;
      left -= done;
    }
  }

  /** Passes a query to the main thread. If that is too far behind, the query is lost, as in a full socket. */
  #pass(socket: WorkerSocket, place: number, length: number, sampled: number): void {
    const batch = this.#batch;
    const misses = this.#misses;
    const packetWords = wordsFor(length);
    const at = misses.reserve(MISS_RECORD.packet + packetWords);
    if (at < 0) {
      this.#tally.count('overload');
      return;
    }
    const { words } = misses;
    words[at + MISS_RECORD.socket] = socket.id;
    words[at + MISS_RECORD.sampled] = sampled;
    words[at + MISS_RECORD.octets] = length;
    const name = batch.nameAt(place) >> 2;
    for (let i = 0; i < SOCKADDR_SIZE / 4; i++) words[at + MISS_RECORD.name + i] = batch.words[name + i] ?? 0;
    const packet = batch.datagramAt(place) >> 2;
    for (let i = 0; i < packetWords; i++) words[at + MISS_RECORD.packet + i] = batch.words[packet + i] ?? 0;
    misses.commit();
    this.#tally.count('misses');
    this.#hasMisses = true;
  }

  /** Wakes the main thread, unless it is awake and will look anyway. */
  #ring(): void {
    if (!this.#hasMisses) return;
    this.#hasMisses = false;
    if (Atomics.exchange(this.#control, CONTROL.rung, 1) === 0) this.#report({ kind: 'misses' });
  }

  #takeEntries(): void {
    const entries = this.#entries;
    for (let at = entries.peek(); at >= 0; at = entries.peek()) {
      this.#store.install(entries.words, at);
      entries.release(at);
    }
  }

  #obey(): void {
    const commands = Atomics.load(this.#control, CONTROL.commands);
    if (commands === this.#commands) return;
    this.#commands = commands;
    for (;;) {
      const received = receiveMessageOnPort(this.#port) as { message: Command } | undefined;
      if (!received) return;
      this.#carryOut(received.message);
    }
  }

  #carryOut(command: Command): void {
    switch (command.kind) {
      case 'serve':
        this.#setSockets([...this.#sockets, command.socket]);
        return;
      case 'release': {
        const socket = this.#sockets.find(({ id }) => id === command.id);
        // Queries that arrive faster than they are answered must not keep a socket open.
        const until = performance.now() + RELEASE_MS;
        if (socket) while (this.#serve(socket, false) > 0 && performance.now() < until);
        this.#setSockets(this.#sockets.filter((each) => each !== socket));
        this.#report({ kind: 'released', id: command.id });
        return;
      }
      case 'stop':
        this.#isStopped = true;
    }
  }

  #setSockets(sockets: readonly WorkerSocket[]): void {
    this.#sockets = sockets;
    this.#fds = sockets.map(({ fd }) => fd);
    this.#only = sockets.length === 1 ? sockets[0] : undefined;
  }

  #report(report: Report): void {
    this.#port.postMessage(report);
  }
}
