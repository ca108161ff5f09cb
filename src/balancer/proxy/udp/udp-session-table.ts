import { flowKey, type FlowKey } from './udp-flow-key.js';
import { UdpSession } from './udp-session.js';

/** Milliseconds without a datagram after which a session ends; Infinity: no limit. */
export interface SessionTimeouts {
  readonly unreplied: number;
  readonly replied: number;
}

/**
 * Sessions sorted by the time of their last datagram. All sessions of a list have the same timeout, so only the oldest
 * can be due.
 */
class AgeList {
  oldest: UdpSession | undefined;
  #newest: UdpSession | undefined;

  append(session: UdpSession): void {
    session.older = this.#newest;
    session.newer = undefined;
    if (this.#newest) this.#newest.newer = session;
    else this.oldest = session;
    this.#newest = session;
  }

  remove(session: UdpSession): void {
    if (session.older) session.older.newer = session.newer;
    else this.oldest = session.newer;
    if (session.newer) session.newer.older = session.older;
    else this.#newest = session.older;
    session.older = session.newer = undefined;
  }

  refresh(session: UdpSession): void {
    if (session === this.#newest) return;
    this.remove(session);
    this.append(session);
  }
}

/**
 * The sessions of one virtual service, limited to its capacity. Finding a session, recording a datagram, ending an idle
 * session and making room each cost O(1). No session has a timer.
 */
export class UdpSessionTable {
  readonly #capacity: number;
  readonly #evict: (session: UdpSession) => void;
  readonly #sessions = new Map<FlowKey, UdpSession>();
  readonly #unreplied = new AgeList();
  readonly #replied = new AgeList();
  /** Datagrams of a session usually come in runs. */
  #last: UdpSession | undefined;

  /** @param evict receives each session that was removed to make room */
  constructor(capacity: number, evict: (session: UdpSession) => void) {
    this.#capacity = Math.max(1, capacity);
    this.#evict = evict;
  }

  get size(): number {
    return this.#sessions.size;
  }

  values(): Iterable<UdpSession> {
    return this.#sessions.values();
  }

  find(address: string, port: number): UdpSession | undefined {
    const last = this.#last;
    if (last?.port === port && last.address === address) return last;
    const found = this.#sessions.get(flowKey(address, port));
    if (found) this.#last = found;
    return found;
  }

  findKey(key: FlowKey): UdpSession | undefined {
    return this.#last?.key === key ? this.#last : this.#sessions.get(key);
  }

  /** Adds a session for a new client. A full table makes room. */
  add(address: string, port: number, now: number): UdpSession {
    while (this.#sessions.size >= this.#capacity) {
      const victim = this.victim();
      if (!victim) break;
      this.remove(victim);
      this.#evict(victim);
    }
    const session = new UdpSession(flowKey(address, port), address, port, now);
    this.#sessions.set(session.key, session);
    this.#unreplied.append(session);
    this.#last = session;
    return session;
  }

  /** Records a datagram from the client. */
  touch(session: UdpSession, now: number): void {
    session.usedAt = now;
    (session.replied ? this.#replied : this.#unreplied).refresh(session);
  }

  /** Records a datagram from the task. */
  reply(session: UdpSession, now: number): void {
    if (!session.replied) {
      this.#unreplied.remove(session);
      this.#replied.append(session);
      session.replied = true;
      session.usedAt = now;
    } else this.touch(session, now);
  }

  /** @returns false when it is not in the table (any more) */
  remove(session: UdpSession): boolean {
    if (this.#sessions.get(session.key) !== session) return false;
    this.#sessions.delete(session.key);
    (session.replied ? this.#replied : this.#unreplied).remove(session);
    if (this.#last === session) this.#last = undefined;
    return true;
  }

  /**
   * The session to end when room is needed: first the least recently used of those that no task has answered, then of
   * the others. A flood of new clients therefore evicts itself first.
   */
  victim(except?: UdpSession): UdpSession | undefined {
    for (const { oldest } of [this.#unreplied, this.#replied]) {
      const candidate = oldest === except ? oldest?.newer : oldest;
      if (candidate) return candidate;
    }
    return undefined;
  }

  /** Removes the sessions that have been idle for their timeout. */
  expire(now: number, timeouts: SessionTimeouts, ended: (session: UdpSession) => void): void {
    this.#expireList(this.#unreplied, timeouts.unreplied, now, ended);
    this.#expireList(this.#replied, timeouts.replied, now, ended);
  }

  #expireList(list: AgeList, timeout: number, now: number, ended: (session: UdpSession) => void): void {
    while (list.oldest && now - list.oldest.usedAt >= timeout) {
      const session = list.oldest;
      this.remove(session);
      ended(session);
    }
  }
}
