import type { CatalogReader } from '../../catalog/catalog.js';
import type { CatalogEvent } from '../../catalog/change.js';
import { eventJson } from '../json.js';
import type { EventBeatJson, EventMessageJson, EventOptionsJson, EventResetJson } from '../types/stream.js';
import type { Outlet } from './outlet.js';
import { rememberLast } from './remember-last.js';
import { cursorOf, revisionOf } from './stream-cursor.js';

export interface EventReaderOptions {
  readonly catalog: Pick<CatalogReader, 'events' | 'firstEvent' | 'onEvent'>;
  /** When the daemon was started: part of the cursor. */
  readonly startedAt: number;
  readonly outlet: Outlet;
  readonly wanted: EventOptionsJson;
  /** Ends the connection, because the client does not read. */
  readonly drop: () => void;
  /** A client with more bytes waiting is dropped. */
  readonly backlogBytes: number;
  /** Calls back when the client has read what waits for it; a client that never does is dropped. */
  readonly drained: (callback: () => void) => void;
}

/** While past events are sent, more follow only if fewer bytes than this wait. */
const PIECE_BYTES = 64 * 1024;

/**
 * The event trail to one client: past events at the client's pace, then each event when it happens. Nothing is lost in
 * between, because it goes live in the turn in which it has sent all that there are.
 */
export class EventReader {
  readonly #options: EventReaderOptions;
  readonly #unsubscribe: () => void;
  readonly #fits: (event: CatalogEvent) => boolean;
  /** The last event that was sent, or that does not fit. */
  #seq: number;
  #isLive = false;
  #isOver = false;

  constructor(options: EventReaderOptions) {
    this.#options = options;
    this.#fits = eventFilter(options.wanted);
    this.#seq = this.#begin();
    this.#unsubscribe = options.catalog.onEvent((event) => {
      if (this.#isLive) this.#live(event);
    });
    this.#catchUp();
  }

  stop(): void {
    this.#isOver = true;
    this.#unsubscribe();
  }

  /** @returns the event after which the client goes on */
  #begin(): number {
    const { catalog, wanted, startedAt } = this.#options;
    const all = catalog.events();
    const newest = all.at(-1)?.seq ?? 0;
    const first = catalog.firstEvent;
    const { since, last } = wanted;
    const known = since === undefined ? wanted.after : revisionOf(since, startedAt);
    if (since !== undefined && known === undefined) {
      this.#reset('the daemon has been restarted since; its events are numbered from 1 again');
      return 0;
    }
    // A client that asks for all of them misses nothing.
    if (known !== undefined && known > 0 && known + 1 < first)
      this.#reset(`events ${known + 1} to ${first - 1} are gone`);
    if (last === undefined) return known ?? newest;
    const fitting = all.filter((event) => event.seq > (known ?? 0) && this.#fits(event));
    const from = last === 0 ? undefined : (fitting.at(-last) ?? fitting[0]);
    return from === undefined ? newest : from.seq - 1;
  }

  #catchUp(): void {
    const { catalog, outlet, drained } = this.#options;
    for (const event of catalog.events(this.#seq)) {
      if (this.#isOver) return;
      this.#send(event);
      if (outlet.waiting <= PIECE_BYTES) continue;
      drained(() => {
        if (!this.#isOver) this.#catchUp();
      });
      return;
    }
    this.#isLive = true;
    const cursor = cursorOf(this.#seq, this.#options.startedAt);
    outlet.send(textOf({ channel: 'events', type: 'beat', cursor }));
  }

  #live(event: CatalogEvent): void {
    const { outlet, backlogBytes, drop } = this.#options;
    this.#send(event);
    if (outlet.waiting > backlogBytes) drop();
  }

  #send(event: CatalogEvent): void {
    const { outlet, startedAt } = this.#options;
    this.#seq = event.seq;
    if (!this.#fits(event)) return;
    outlet.send(eventText(event, startedAt));
  }

  #reset(why: string): void {
    this.#options.outlet.send(textOf({ channel: 'events', type: 'reset', why }));
  }
}

const eventText = rememberLast((event: CatalogEvent, startedAt: number) => {
  const cursor = cursorOf(event.seq, startedAt);
  return textOf({ channel: 'events', type: 'event', cursor, event: eventJson(event) });
});

function textOf(message: EventMessageJson | EventResetJson | EventBeatJson): string {
  return JSON.stringify(message);
}

function eventFilter({ types, subject }: EventOptionsJson): (event: CatalogEvent) => boolean {
  return (event) =>
    (types === undefined || types.some((type) => event.type === type || event.type.startsWith(`${type}.`))) &&
    (subject === undefined || event.subject === subject);
}
