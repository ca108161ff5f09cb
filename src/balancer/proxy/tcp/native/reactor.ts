import { Epoll } from '../../../../linux/epoll.js';
import type { Libc } from '../../../../linux/libc.js';
import { TcpCalls } from '../../../../linux/tcp-calls.js';
import { TimerWheel } from '../../../../runtime/timer-wheel.js';
import type { DescriptorTable } from './descriptor-table.js';

/** Receives the events of one descriptor. */
export interface Watcher {
  /**
   * Used by the reactor: distinguishes this watcher from earlier ones of the same descriptor; 0 when it is not watched.
   */
  tag: number;
  /** @param events bits of `EPOLL` */
  onEvents(events: number): void;
}

/** Has more work than fits into one turn. */
export interface Resumable {
  resume(): void;
}

/**
 * The longest time that a turn blocks, in ms. A wake-up ends it earlier. This limit helps a process that exits without
 * waking the thread.
 */
const BLOCK_MS = 500;
/** A flow's deadline may be noticed this late. */
const TICK_MS = 100;

/** The thread blocks in epoll_wait and has no other timers. */
const noTimer = () => () => undefined;

/**
 * An event loop (Schmidt, "Reactor"). It waits for events of descriptors and for deadlines. Each turn blocks the
 * thread.
 */
export class Reactor {
  readonly calls: TcpCalls;
  readonly wheel: TimerWheel;
  readonly #table: DescriptorTable;
  readonly #epoll: Epoll;
  /** By descriptor, without holes, because holes would make the array slow. */
  readonly #watchers: (Watcher | undefined)[] = [];
  #tag = 0;
  #again: Resumable[] = [];
  #ticked: number;

  /** @param now monotonic milliseconds */
  constructor(libc: Libc, table: DescriptorTable, now: () => number) {
    this.calls = new TcpCalls(libc);
    this.wheel = new TimerWheel({ timers: { now, after: noTimer }, tickMs: TICK_MS, turns: 'owner' });
    this.#table = table;
    this.#epoll = new Epoll(libc);
    table.take(this.#epoll.fd);
    this.#ticked = now();
  }

  /**
   * Starts watching a descriptor, and reports what is already true.
   * @param events bits of `EPOLL`
   * @returns false when the kernel has no capacity for it
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

  /** Watches for other events from now on, and reports what is already true. */
  change(fd: number, events: number, watcher: Watcher): void {
    this.#epoll.modify(fd, events, watcher.tag);
  }

  /** Stops watching a descriptor that stays open. */
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

  /** Resumes an item after the next events. */
  again(item: Resumable): void {
    this.#again.push(item);
  }

  /**
   * One turn: waits, then handles the events.
   * @param wait milliseconds at most; by default until something is due
   * @returns whether the timer wheel has advanced
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

  /** All watched descriptors must be closed first. */
  end(): void {
    this.wheel.clear();
    this.#table.give(this.#epoll.fd);
    this.#epoll.close();
  }

  #tell(place: number): void {
    const epoll = this.#epoll;
    const watcher = this.#watchers[epoll.fdAt(place)];
    // Skip an event of a descriptor that was closed earlier in this turn: its number may have been reused.
    if (watcher?.tag === epoll.tagAt(place)) watcher.onEvents(epoll.eventsAt(place));
  }

  #forget(fd: number, watcher: Watcher): void {
    if (watcher.tag !== 0) this.#watchers[fd] = undefined;
    watcher.tag = 0;
  }
}
