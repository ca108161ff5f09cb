import { setImmediate as nextTurn } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { ChangeSet } from '../../catalog/change.js';
import type { CatalogReader } from '../../catalog/catalog.js';
import type { Snapshot } from '../../catalog/snapshot.js';
import type { Log } from '../../net/log.js';
import type { Timers } from '../../runtime/timers.js';
import { drainJson, sourceJson, timestamp } from '../json.js';
import type { DaemonInfo, HealthPort } from '../ports.js';
import type { DrainJson } from '../types/resources.js';
import type { StateListsJson, WatchMessage } from '../types/watch.js';
import { ChangeLog, keysOf, sizeOf, type TouchedKeys } from './change-log.js';
import { cursorOf, revisionOf } from './stream-cursor.js';
import type { Outlet } from './outlet.js';
import { changeParts, ITEMS_A_PART, listsJson, snapshotParts } from './state-json.js';

export interface StateFeedOptions {
  readonly catalog: Pick<CatalogReader, 'snapshot' | 'onChange'>;
  readonly daemon: Pick<DaemonInfo, 'identity'>;
  readonly drains: Pick<HealthPort, 'drains'>;
  readonly log: Pick<Log, 'warn'>;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly timers: Pick<Timers, 'after'>;
  readonly limits: StateFeedLimits;
  readonly changeLog?: ChangeLog;
}

export interface StateFeedLimits {
  /** Milliseconds between keep-alive messages while nothing happens. */
  readonly heartbeatMs: number;
  /** A reader with more pending bytes is dropped. */
  readonly backlogBytes: number;
  /** A reader that reads nothing for this long, in milliseconds, while it catches up, is dropped. */
  readonly stallMs: number;
}

/** One reader. */
interface Reader {
  readonly outlet: Outlet;
  /** The revision that it has; undefined if it has none yet. */
  revision: number | undefined;
  /** Whether it gets each change as it comes; if not, {@link StateFeed} brings it up to date first. */
  isLive: boolean;
  /** How often it had to start over. */
  resets: number;
}

interface Part {
  readonly text: string;
  readonly isLast: boolean;
}

/** While a reader catches up, it gets more data only if fewer bytes than this are pending. */
const PIECE_BYTES = 64 * 1024;

/**
 * The state of the catalog as a stream: a snapshot, then every change. It is independent of transports.
 *
 * A reader that is up to date gets each change when it comes; the text of a change is made once for all readers. A
 * reader that starts or returns first catches up at its own pace: with a snapshot, or with one change that combines all
 * that it missed. Nothing is lost in between, because a reader goes live in the same turn in which it reaches the
 * revision of the catalog.
 */
export class StateFeed {
  readonly #options: StateFeedOptions;
  readonly #log: ChangeLog;
  readonly #readers = new Set<Reader>();
  readonly #unsubscribe: () => void;
  #lists: Lists;
  #domain: string;
  /** The turn of the last reader in the line. */
  #turns: Promise<void> = Promise.resolve();
  #cancelBeat: (() => void) | undefined;

  constructor(options: StateFeedOptions) {
    this.#options = options;
    const { catalog, daemon, changeLog } = options;
    this.#log = changeLog ?? new ChangeLog(catalog.snapshot.revision);
    this.#lists = this.#listsOf(catalog.snapshot);
    this.#domain = daemon.identity().domain;
    this.#unsubscribe = catalog.onChange((change, snapshot) => this.#onChange(change, snapshot));
  }

  /**
   * Starts to serve a reader.
   * @param cursor its position (see {@link WatchMessage}); undefined for a new reader
   * @returns stops serving it; must be called when the reader is gone
   */
  subscribe(outlet: Outlet, cursor?: string): () => void {
    const { startedAt } = this.#options.daemon.identity();
    const revision = cursor === undefined ? undefined : revisionOf(cursor, startedAt);
    const reader: Reader = { outlet, revision, isLive: false, resets: 0 };
    this.#readers.add(reader);
    this.#beatLater();
    if (cursor !== undefined && revision === undefined) this.#reset(reader, OTHER_DAEMON);
    this.#catchUp(reader, revision !== undefined);
    return () => this.#forget(reader);
  }

  /** The messages of one snapshot, for a reader that will subscribe with the cursor of the last. */
  *snapshot(): Generator<string> {
    this.#checkDomain();
    for (const { text } of this.#snapshotMessages(this.#options.catalog.snapshot)) yield text;
  }

  /** Ends every stream, because the daemon stops. */
  close(): void {
    this.#unsubscribe();
    for (const reader of [...this.#readers]) {
      const detail = 'the daemon is stopping; connect again with since= and the last cursor';
      reader.outlet.end(textOf({ type: 'error', code: 'stopping', detail }));
      this.#forget(reader);
    }
  }

  #forget(reader: Reader): void {
    this.#readers.delete(reader);
    reader.isLive = false;
    if (this.#readers.size > 0) return;
    this.#cancelBeat?.();
    this.#cancelBeat = undefined;
  }

  #onChange(change: ChangeSet, snapshot: Snapshot): void {
    this.#log.add(change);
    this.#checkDomain();
    const before = this.#lists;
    if (change.meta) this.#lists = this.#listsOf(snapshot);
    const live = [...this.#readers].filter(({ isLive }) => isLive);
    if (live.length === 0) return;
    if (sizeOf(change) > ITEMS_A_PART) {
      for (const reader of live) this.#catchUp(reader);
      return;
    }
    const message = this.#changeText(change, snapshot, change.meta ? this.#newLists(before, snapshot) : {});
    for (const reader of live) {
      reader.outlet.send(message);
      reader.revision = change.revision;
      this.#dropIfSlow(reader);
    }
  }

  #changeText(change: ChangeSet, snapshot: Snapshot, lists: Partial<StateListsJson>): string {
    const { revision, at, source, cause, services, tasks, networks } = change;
    const keys = { services: keysOf(services), tasks: keysOf(tasks), networks: keysOf(networks) };
    const [items] = changeParts(snapshot, keys, this.#domain);
    return textOf({
      type: 'change',
      revision,
      since: revision - 1,
      cursor: this.#cursor(revision),
      at: timestamp(at),
      source,
      ...(cause !== undefined && { cause }),
      ...items,
      ...lists,
    });
  }

  /** Starts to bring a reader up to date; afterwards the reader is live. */
  #catchUp(reader: Reader, greets = false): void {
    reader.isLive = false;
    void this.#bringUpToDate(reader, greets);
  }

  async #bringUpToDate(reader: Reader, greets: boolean): Promise<void> {
    for (let isFirst = true; ; isFirst = false) {
      const { snapshot } = this.#options.catalog;
      if (reader.revision === snapshot.revision) {
        reader.isLive = this.#readers.has(reader);
        // A reader that resumes learns at once that it missed nothing.
        if (isFirst && greets && reader.isLive) reader.outlet.send(this.#beat());
        return;
      }
      const { revision } = reader;
      const touched = revision === undefined ? undefined : this.#log.since(revision);
      if (revision !== undefined && touched === undefined) this.#reset(reader, FORGOTTEN);
      const parts =
        revision !== undefined && touched !== undefined
          ? this.#changeMessages(snapshot, revision, touched)
          : this.#snapshotMessages(snapshot);
      if (await this.#sendAll(reader, parts)) reader.revision = snapshot.revision;
      if (!this.#readers.has(reader)) return;
    }
  }

  /** @returns whether the reader has all of it; false if it went away or has to start over */
  async #sendAll(reader: Reader, parts: Iterable<Part>): Promise<boolean> {
    const { resets } = reader;
    for (const { text, isLast } of parts) {
      reader.outlet.send(text);
      if (reader.outlet.waiting > PIECE_BYTES) await this.#drained(reader);
      if (!isLast) await this.#ownTurn();
      if (!this.#readers.has(reader) || reader.resets !== resets) return false;
    }
    return true;
  }

  *#snapshotMessages(snapshot: Snapshot): Generator<Part> {
    const { environment } = this.#options.daemon.identity();
    const domain = this.#domain;
    const { revision } = snapshot;
    const head = { type: 'snapshot', revision, at: timestamp(snapshot.at), domain, environment } as const;
    const lists = listsJson(snapshot, this.#options.drains.drains());
    let number = 0;
    for (const { item, isLast } of withLast(snapshotParts(snapshot, domain))) {
      number += 1;
      const end = isLast ? { ...lists, cursor: this.#cursor(revision) } : ({ more: true } as const);
      yield { text: textOf({ ...head, part: number, ...item, ...end }), isLast };
    }
  }

  *#changeMessages(snapshot: Snapshot, since: number, touched: TouchedKeys): Generator<Part> {
    const { revision } = snapshot;
    const head = { type: 'change', revision, since, at: timestamp(snapshot.at) } as const;
    const lists = touched.meta ? listsJson(snapshot, this.#options.drains.drains()) : {};
    for (const { item, isLast } of withLast(changeParts(snapshot, touched, this.#domain))) {
      const end = isLast ? { ...lists, cursor: this.#cursor(revision) } : ({ more: true } as const);
      yield { text: textOf({ ...head, ...item, ...end }), isLast };
    }
  }

  /** Resolves in a turn of the event loop that no other reader gets: many who begin at once leave time for changes. */
  #ownTurn(): Promise<void> {
    this.#turns = this.#turns.then(() => nextTurn());
    return this.#turns;
  }

  /** Resolves when the reader has read the pending data, was dropped, or is gone. */
  #drained(reader: Reader): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.timers.after(this.#options.limits.stallMs, () => {
        this.#drop(reader);
        resolve();
      });
      reader.outlet.onDrained(() => {
        cancel();
        resolve();
      });
    });
  }

  #dropIfSlow(reader: Reader): void {
    if (reader.outlet.waiting > this.#options.limits.backlogBytes) this.#drop(reader);
  }

  #drop(reader: Reader): void {
    if (!this.#readers.has(reader)) return;
    const detail =
      'the client reads too slowly, so the stream ends; connect again with since= and the cursor of the last message';
    reader.outlet.end(textOf({ type: 'error', code: 'slow-reader', detail }));
    this.#options.log.warn('dropped a client of /v1/watch that reads too slowly; it can resume with ?since=');
    this.#forget(reader);
  }

  #reset(reader: Reader, why: string): void {
    reader.revision = undefined;
    reader.resets += 1;
    reader.outlet.send(textOf({ type: 'reset', why }));
  }

  /** A reload may change the domain, and with it the names of services, without a change in the catalog. */
  #checkDomain(): void {
    const { domain } = this.#options.daemon.identity();
    if (domain === this.#domain) return;
    this.#domain = domain;
    for (const reader of this.#readers) {
      this.#reset(reader, `the domain is now ${domain}`);
      // A reader that is catching up starts over by itself.
      if (reader.isLive) this.#catchUp(reader);
    }
  }

  #beatLater(): void {
    this.#cancelBeat ??= this.#options.timers.after(this.#options.limits.heartbeatMs, () => {
      this.#cancelBeat = undefined;
      this.#checkDomain();
      const beat = this.#beat();
      for (const reader of [...this.#readers]) {
        if (!reader.isLive) continue;
        reader.outlet.send(beat);
        this.#dropIfSlow(reader);
      }
      if (this.#readers.size > 0) this.#beatLater();
    });
  }

  #beat(): string {
    const { revision } = this.#options.catalog.snapshot;
    const now = timestamp(this.#options.clock());
    return textOf({ type: 'beat', revision, cursor: this.#cursor(revision), now });
  }

  #cursor(revision: number): string {
    return cursorOf(revision, this.#options.daemon.identity().startedAt);
  }

  #listsOf(snapshot: Snapshot): Lists {
    const { sources, problems } = snapshot;
    return {
      sources,
      problems,
      drains: this.#options.drains.drains().map((mark) => drainJson(mark, snapshot)),
    };
  }

  /** The lists that differ from before. */
  #newLists(before: Lists, snapshot: Snapshot): Partial<StateListsJson> {
    const { sources, problems, drains } = this.#lists;
    return {
      ...(!isDeepStrictEqual(before.sources, sources) && { sources: snapshot.sources.map(sourceJson) }),
      ...(!isDeepStrictEqual(before.problems, problems) && { problems }),
      ...(!isDeepStrictEqual(before.drains, drains) && { drains }),
    };
  }
}

interface Lists {
  readonly sources: Snapshot['sources'];
  readonly problems: Snapshot['problems'];
  /** As the stream shows them, with the names of their tasks. */
  readonly drains: readonly DrainJson[];
}

const OTHER_DAEMON = 'the daemon has been restarted since';
const FORGOTTEN = 'the changes since then are no longer stored';

function textOf(message: WatchMessage): string {
  return JSON.stringify(message);
}

/** Each item with a flag for the last one. */
function* withLast<Item>(
  items: Iterable<Item>,
): Generator<{ readonly item: Item; readonly isLast: boolean }> {
  let held: { readonly item: Item } | undefined;
  for (const item of items) {
    if (held) yield { item: held.item, isLast: false };
    held = { item };
  }
  if (held) yield { item: held.item, isLast: true };
}
