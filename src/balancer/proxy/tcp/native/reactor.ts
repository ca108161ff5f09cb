import { Epoll } from '../../../../linux/epoll.js';
import type { Libc } from '../../../../linux/libc.js';
import { TcpCalls } from '../../../../linux/tcp-calls.js';
import { TimerWheel } from '../../../../runtime/timer-wheel.js';
import type { DescriptorTable } from './descriptor-table.js';

/** Something that receives the events of one descriptor. */
export interface Watcher {
  /** For the reactor: tells this one from those that had the same descriptor before; 0 when it is not watched. */
  tag: number;
  /** @param events bits of `EPOLL` */
  onEvents(events: number): void;
}

/** Something that has more to do than one turn is to take. */
export interface Resumable {
  resume(): void;
}

/** The longest time that a turn blocks, in ms. A wake-up ends it before; this is for a process that exits without one. */
const BLOCK_MS = 500;
/** So late may a deadline of a flow be noticed. */
const TICK_MS = 100;

/** The thread blocks in epoll_wait: it has no other timers. */
const noTimer = () => () => undefined;

/**
 * An event loop of its own (Schmidt, "Reactor"): waits for what the kernel has to report about descriptors, and for deadlines. One turn of
 * it blocks the thread.
 */
export class Reactor {
  readonly calls: TcpCalls;
  readonly wheel: TimerWheel;
  readonly #table: DescriptorTable;
  readonly #epoll: Epoll;
  /** By descriptor, without holes: those would make it slow. */
  readonly #watchers: (Watcher | undefined)[] = [];
  #tag = 0;
  #again: Resumable[] = [];
  #ticked: number;

  /** @param now milliseconds that only grow */
  constructor(libc: Libc, table: DescriptorTable, now: () => number) {
    this.calls = new TcpCalls(libc);
    this.wheel = new TimerWheel({ timers: { now, after: noTimer }, tickMs: TICK_MS, turns: 'owner' });
    this.#table = table;
    this.#epoll = new Epoll(libc);
    table.take(this.#epoll.fd);
    this.#ticked = now();
  }

  /**
   * Watches a descriptor from now on, and reports what is so already.
   * @param events bits of `EPOLL`
   * @returns false when the kernel has no room for it
   */
  watch(fd: number, events: number, watcher: Watcher): boolean {
    const watchers = this.#watchers;
    while (watchers.length <= fd) watchers.push(undefined);
    this.#tag = (this.#tag + 1) | 0 || 1;
    if (!this.#epoll.add(fd, events, this.#tag)) return false;
    watcher.tag = this.#tag;
    watchers[fd] = watcher;
    return true;
  }

  /** Watches for other events from now on, and reports what is so already. */
  change(fd: number, events: number, watcher: Watcher): void {
    this.#epoll.modify(fd, events, watcher.tag);
  }

  /** Leaves a descriptor alone that stays open. */
  unwatch(fd: number, watcher: Watcher): void {
    this.#forget(fd, watcher);
    this.#epoll.remove(fd);
  }

  /** Closes a descriptor of this thread, watched or not. */
  close(fd: number, watcher: Watcher): void {
    this.#forget(fd, watcher);
    this.#table.give(fd);
    this.calls.close(fd);
  }

  /** Has something go on after the next events. */
  again(item: Resumable): void {
    this.#again.push(item);
  }

  /**
   * One turn: waits, then handles what has happened.
   * @param wait milliseconds at most; absent: as long as nothing is due
   * @returns whether the timer wheel has moved on
   */
  turn(wait = BLOCK_MS): boolean {
    const { wheel } = this;
    const rest = this.#ticked + TICK_MS - wheel.now();
    const untilTick = wheel.size === 0 ? wait : Math.min(wait, Math.max(0, Math.ceil(rest)));
    const count = this.#epoll.wait(this.#again.length > 0 ? 0 : untilTick);
    const now = wheel.touch();
    const again = this.#again;
    if (again.length > 0) this.#again = [];
    for (let place = 0; place < count; place++) this.#tell(place);
    for (const each of again) each.resume();
    if (now - this.#ticked < TICK_MS) return false;
    this.#ticked = now;
    if (wheel.size === 0) return false;
    wheel.advance();
    return true;
  }

  /** All that was watched must be closed before. */
  end(): void {
    this.wheel.clear();
    this.#table.give(this.#epoll.fd);
    this.#epoll.close();
  }

  #tell(place: number): void {
    const epoll = this.#epoll;
    const watcher = this.#watchers[epoll.fdAt(place)];
    // An event of one that was closed earlier in this turn, whose number may be another's by now.
    if (watcher?.tag === epoll.tagAt(place)) watcher.onEvents(epoll.eventsAt(place));
  }

  #forget(fd: number, watcher: Watcher): void {
    if (watcher.tag !== 0) this.#watchers[fd] = undefined;
    watcher.tag = 0;
  }
}
