import type { VirtualService } from '../../plane.js';

/** The settings of a UDP service that apply to its sessions. */
export interface UdpSettings {
  /** How many replies to each datagram end the session. Undefined: only the timeout ends it. */
  readonly replies: number | undefined;
  /** A task is chosen for each datagram. */
  readonly ops: boolean;
  /** Milliseconds without a datagram after which a session is over; Infinity: never. */
  readonly timeouts: { readonly unreplied: number; readonly replied: number };
  /** Milliseconds; Infinity: no limit. */
  readonly drain: number;
}

/**
 * The defaults of the proxy plane, in ms: those of conntrack. If replies are counted they are shorter, matching how
 * long resolvers wait.
 */
export const UDP_TIMEOUTS = {
  byTime: { unreplied: 30_000, replied: 120_000 },
  byReplies: { unreplied: 5000, replied: 5000 },
  drain: 30_000,
} as const;

export function udpSettings(service: Pick<VirtualService, 'replies' | 'timeouts' | 'ops'>): UdpSettings {
  const { replies = 0, timeouts = {}, ops = false } = service;
  const { unreplied, replied } = replies > 0 ? UDP_TIMEOUTS.byReplies : UDP_TIMEOUTS.byTime;
  return {
    replies: replies > 0 ? replies : undefined,
    ops,
    timeouts: {
      unreplied: orNever(timeouts.udpUnreplied ?? unreplied),
      replied: orNever(timeouts.udp ?? replied),
    },
    drain: orNever(timeouts.drain ?? UDP_TIMEOUTS.drain),
  };
}

function orNever(milliseconds: number): number {
  return milliseconds === 0 ? Infinity : milliseconds;
}
