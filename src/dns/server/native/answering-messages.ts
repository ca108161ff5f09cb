/** What the main thread and an answering thread share and say to each other. */

/** Memory that both use. */
export interface SharedMemory {
  readonly versions: SharedArrayBuffer;
  readonly tally: SharedArrayBuffer;
  /** Entries, from the main thread. */
  readonly entries: SharedArrayBuffer;
  /** Queries that it must answer, to the main thread: {@link MISS}. */
  readonly misses: SharedArrayBuffer;
  /** {@link CONTROL}. */
  readonly control: SharedArrayBuffer;
}

/** Words of `control`. */
export const CONTROL = {
  /** Grows with each command, so that a thread that is busy answering looks for it without a call. */
  commands: 0,
  /** 1: the main thread was told that there are misses, and has not looked yet. */
  rung: 1,
  words: 16,
} as const;

/** A socket of an answering thread; the descriptor belongs to the main thread, which closes it. */
export interface WorkerSocket {
  readonly id: number;
  readonly fd: number;
}

export type Command =
  | { readonly kind: 'serve'; readonly socket: WorkerSocket }
  /** Answer what the kernel has queued, then leave the socket alone. */
  | { readonly kind: 'release'; readonly id: number }
  | { readonly kind: 'stop' };

export type Report = { readonly kind: 'misses' } | { readonly kind: 'released'; readonly id: number };

/** A record of `misses`, in words. */
export const MISS_RECORD = {
  socket: 0,
  /** 1: the query log wants to see it. */
  sampled: 1,
  /** Bytes of the packet. */
  octets: 2,
  /** The client's `sockaddr`, 28 octets. */
  name: 3,
  packet: 10,
} as const;

export interface WorkerInput {
  readonly shared: SharedMemory;
  readonly seed: number;
  /** Whether the thread runs as a real-time thread, where the system allows it. */
  readonly realTime: boolean;
}

/** How long a call of an idle thread blocks, in ms: so late does it see a command. */
export const BLOCK_MS = 100;
