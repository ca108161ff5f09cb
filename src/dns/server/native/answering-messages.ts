/** The shared memory of the main thread and an answering thread, and their messages. */

/** Memory that both threads use. */
export interface SharedMemory {
  readonly versions: SharedArrayBuffer;
  readonly tally: SharedArrayBuffer;
  /** Entries from the main thread. */
  readonly entries: SharedArrayBuffer;
  /** Queries for the main thread to answer: {@link MISS}. */
  readonly misses: SharedArrayBuffer;
  /** {@link CONTROL}. */
  readonly control: SharedArrayBuffer;
}

/** Words of `control`. */
export const CONTROL = {
  /** Grows with each command, so that a busy thread notices commands without a system call. */
  commands: 0,
  /** 1 if the main thread was notified of misses but has not read them yet. */
  rung: 1,
  words: 16,
} as const;

/** A socket of an answering thread. The descriptor belongs to the main thread, which closes it. */
export interface WorkerSocket {
  readonly id: number;
  readonly fd: number;
}

export type Command =
  | { readonly kind: 'serve'; readonly socket: WorkerSocket }
  /** Answer the datagrams queued in the kernel, then stop using the socket. */
  | { readonly kind: 'release'; readonly id: number }
  | { readonly kind: 'stop' };

export type Report = { readonly kind: 'misses' } | { readonly kind: 'released'; readonly id: number };

/** A record of `misses`, in words. */
export const MISS_RECORD = {
  socket: 0,
  /** 1: the query log samples it. */
  sampled: 1,
  /** Size of the packet in bytes. */
  octets: 2,
  /** The client's `sockaddr`, 28 bytes. */
  name: 3,
  packet: 10,
} as const;

export interface WorkerInput {
  readonly shared: SharedMemory;
  readonly seed: number;
  /** Whether the thread runs as a real-time thread, if the system allows it. */
  readonly realTime: boolean;
}

/** How long a call of an idle thread blocks, in ms. A command may be noticed this late. */
export const BLOCK_MS = 100;
