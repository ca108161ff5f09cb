/** All waits of the source, in milliseconds. */
export interface Timing {
  /** Interval of full lists, which repair the effects of lost events. */
  readonly resync: number;
  /** Interval of `/_ping` on a second connection, because a dead event stream is as silent as an idle one. */
  readonly ping: number;
  /** Deadline of an API call. */
  readonly call: number;
  /** Deadline of the engine's first answer. A starting dockerd accepts connections long before it answers. */
  readonly connect: number;
  /** How long a call may occupy one of the inspection slots. */
  readonly place: number;
  /** A container that still runs this long after its stop timeout has ignored the stop signal. */
  readonly drainGrace: number;
  /** How long a created container may take to start before it is inspected as a stopped one. */
  readonly created: number;
  readonly minBackoff: number;
  readonly maxBackoff: number;
  /** Used instead of `maxBackoff` if the socket's directory cannot be watched. */
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
