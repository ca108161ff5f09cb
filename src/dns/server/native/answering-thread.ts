import { randomInt } from 'node:crypto';
import type { MessagePort } from 'node:worker_threads';
import { Supervisor, type Restarts } from '../../../runtime/supervisor.js';
import { startWorkerThread } from '../../../runtime/worker-thread.js';
import { Ring } from '../../answers/ring.js';
import { Tally } from '../../answers/tally.js';
import type { Versions } from '../../answers/versions.js';
import {
  CONTROL,
  MISS_RECORD,
  type Command,
  type Report,
  type WorkerInput,
  type WorkerSocket,
} from './answering-messages.js';

/** 256 KiB: space for a few thousand queries for the main thread. */
const MISS_WORDS = 1 << 16;
/** 1 MiB: space for a few thousand entries for the answering thread. Unused space takes no memory. */
const ENTRY_WORDS = 1 << 18;

/** How many misses to read in one turn of the event loop. */
const MISSES_A_TURN = 256;

const SCRIPT = new URL('./answering-worker.js', import.meta.url);

/** A query that the answering thread could not answer. */
export interface Miss {
  /** The id of the socket that received it. */
  readonly socket: number;
  /** The client's `sockaddr`; a copy. */
  readonly name: Uint8Array;
  /** Valid only during the call. */
  readonly packet: Uint8Array;
  readonly sampled: boolean;
}

export interface AnsweringThreadOptions {
  readonly versions: Versions;
  readonly realTime: boolean;
  /** The script of the thread; by default `worker.js` beside this file. */
  readonly script?: URL | undefined;
  /** Called for each query that the thread cannot answer. */
  readonly onMiss: (miss: Miss, thread: AnsweringThread) => void;
  /** Called when the thread ended unexpectedly, with the reason. It will be restarted. */
  readonly onCrash: (reason: string) => void;
}

/**
 * One answering thread as the main thread sees it. The sockets outlive the thread. After a crash, a new thread takes
 * them over and answers what the kernel queued in the meantime.
 */
export class AnsweringThread {
  readonly tally = new Tally();
  readonly #options: AnsweringThreadOptions;
  readonly #sockets = new Map<number, WorkerSocket>();
  readonly #releases = new Map<number, () => void>();
  #entries = new Ring(ENTRY_WORDS);
  #misses = new Ring(MISS_WORDS);
  #control = newControl();
  readonly #supervisor: Supervisor<MessagePort>;

  constructor(options: AnsweringThreadOptions) {
    this.#options = options;
    this.#supervisor = new Supervisor({
      start: (ended) => this.#start(ended),
      started: () => {
        for (const socket of this.#sockets.values()) this.#command({ kind: 'serve', socket });
      },
      ended: () => {
        for (const release of this.#releases.values()) release();
        this.#releases.clear();
      },
      crashed: options.onCrash,
    });
    this.#supervisor.start();
  }

  get restarts(): Restarts {
    return this.#supervisor.restarts;
  }

  serve(socket: WorkerSocket): void {
    this.#sockets.set(socket.id, socket);
    this.#command({ kind: 'serve', socket });
  }

  /** Resolves when all queued queries are answered or handed over, and the thread no longer uses the socket. */
  async release(id: number): Promise<void> {
    if (!this.#sockets.delete(id) || !this.#supervisor.running) return;
    await new Promise<void>((resolve) => {
      this.#releases.set(id, resolve);
      this.#command({ kind: 'release', id });
    });
    this.#readMisses(Number.POSITIVE_INFINITY);
  }

  /** Gives the thread an entry. If the thread is too far behind, the entry is dropped. */
  install(entry: Int32Array): void {
    const at = this.#entries.reserve(entry.length);
    if (at < 0) return;
    this.#entries.words.set(entry, at);
    this.#entries.commit();
  }

  async stop(): Promise<void> {
    await this.#supervisor.stop(() => this.#command({ kind: 'stop' }));
  }

  #start(ended: (reason: string) => void): MessagePort {
    // Discard what a crashed thread left, because half a record may have caused the crash.
    this.#entries = new Ring(ENTRY_WORDS);
    this.#misses = new Ring(MISS_WORDS);
    this.#control = newControl();
    const input: WorkerInput = {
      shared: {
        versions: this.#options.versions.memory,
        tally: this.tally.memory,
        entries: this.#entries.memory,
        misses: this.#misses.memory,
        control: this.#control.buffer,
      },
      seed: randomInt(1, 2 ** 31),
      realTime: this.#options.realTime,
    };
    return startWorkerThread<WorkerInput, Report>({
      script: this.#options.script ?? SCRIPT,
      name: 'fairlead-dns',
      input,
      // The thread makes hardly any garbage.
      youngGeneration: 2,
      report: (report) => this.#take(report),
      ended,
    });
  }

  #command(command: Command): void {
    this.#supervisor.running?.postMessage(command);
    Atomics.add(this.#control, CONTROL.commands, 1);
    Atomics.notify(this.#control, CONTROL.commands);
  }

  #take(report: Report): void {
    switch (report.kind) {
      case 'misses':
        this.#look();
        return;
      case 'released':
        this.#releases.get(report.id)?.();
        this.#releases.delete(report.id);
    }
  }

  /** Reads the misses in portions, so that the event loop can run in between. */
  #look(): void {
    Atomics.store(this.#control, CONTROL.rung, 0);
    if (!this.#readMisses(MISSES_A_TURN)) return;
    // No notification is needed until everything has been read.
    Atomics.store(this.#control, CONTROL.rung, 1);
    setImmediate(() => {
      this.#look();
    });
  }

  /** @returns whether more are left */
  #readMisses(most: number): boolean {
    const misses = this.#misses;
    for (let count = 0; count < most; count++) {
      const at = misses.peek();
      if (at < 0) return false;
      const { words, octets } = misses;
      const packetAt = (at + MISS_RECORD.packet) * 4;
      const miss: Miss = {
        socket: words[at + MISS_RECORD.socket] ?? -1,
        sampled: words[at + MISS_RECORD.sampled] === 1,
        name: octets.slice((at + MISS_RECORD.name) * 4, (at + MISS_RECORD.packet) * 4),
        packet: octets.subarray(packetAt, packetAt + (words[at + MISS_RECORD.octets] ?? 0)),
      };
      this.#options.onMiss(miss, this);
      misses.release(at);
    }
    return true;
  }
}

function newControl(): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(CONTROL.words * 4));
}
