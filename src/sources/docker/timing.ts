/** Every wait of the source, in milliseconds. */
export interface Timing {
  /** Full list, to repair what lost events left behind. */
  readonly resync: number;
  /** `/_ping` on a second connection, because a dead event stream is as silent as an idle one. */
  readonly ping: number;
  /** One API call. */
  readonly call: number;
  /** The first answer of the engine: a starting dockerd accepts the connection long before it answers. */
  readonly connect: number;
  /** How long a call may hold one of the places for inspecting. */
  readonly place: number;
  /** After this much longer than its stop timeout a container that still runs has ignored the stop signal. */
  readonly drainGrace: number;
  /** How long a created container may take to start before it is inspected as a stopped one. */
  readonly created: number;
  readonly minBackoff: number;
  readonly maxBackoff: number;
  /** Instead of `maxBackoff`, where the socket's folder cannot be watched. */
  readonly blindBackoff: number;
}

export const defaultTiming: Omit<Timing, 'resync'> = {
  ping: 10_000,
  call: 5_000,
  connect: 30_000,
  place: 500,
  drainGrace: 5_000,
  created: 1_000,
  minBackoff: 100,
  maxBackoff: 5_000,
  blindBackoff: 1_000,
};
