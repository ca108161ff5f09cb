import { timestamp } from '../json.js';
import type { ApiPorts } from '../ports.js';
import type { StreamLimits } from '../stream-limits.js';
import {
  CHANNELS,
  type Channel,
  type HelloJson,
  type StateOptionsJson,
  type StreamErrorJson,
  type SubscribedJson,
  type SubscribeJson,
} from '../types/stream.js';
import { readClientMessage } from './client-message.js';
import { EventReader } from './event-reader.js';
import type { FigureFeed } from './figure-feed.js';
import type { Outlet } from './outlet.js';
import type { QueryFeed } from './query-feed.js';
import { rememberLast } from './remember-last.js';
import type { StateFeed } from './state-feed.js';
import { isFiltered, StateFilter } from './state-filter.js';
import type { TemplateFeed } from './template-feed.js';

/** Where the channels come from. */
export interface StreamFeeds {
  readonly ports: Pick<ApiPorts, 'catalog' | 'daemon' | 'log' | 'timers' | 'clock'>;
  readonly state: StateFeed;
  readonly figures: FigureFeed;
  readonly queries: QueryFeed;
  readonly templates: TemplateFeed;
  readonly limits: Pick<StreamLimits, 'backlogBytes' | 'stallMs'>;
}

/** A message of the state feed with the name of the channel. */
const ofState = rememberLast((text: string) => `{"channel":"state",${text.slice(1)}`);

/** One client of `GET /v1/stream`: what it has subscribed to. It is independent of the transport. */
export class StreamSession {
  readonly #outlet: Outlet;
  readonly #feeds: StreamFeeds;
  /** The end of each channel. */
  readonly #channels = new Map<Channel, () => void>();
  readonly #cancels = new Set<() => void>();

  constructor(outlet: Outlet, feeds: StreamFeeds) {
    this.#outlet = outlet;
    this.#feeds = feeds;
    const { daemon, clock } = feeds.ports;
    const { version, startedAt } = daemon.identity();
    this.#send({
      type: 'hello',
      version,
      startedAt: timestamp(startedAt),
      now: timestamp(clock()),
      channels: CHANNELS,
    });
  }

  /** Takes a message of the client. What cannot be used gets an answer that says why, and changes nothing. */
  receive(text: string): void {
    const read = readClientMessage(text);
    if ('fault' in read) {
      this.#send({ type: 'error', code: 'bad-message', ...read.fault });
      return;
    }
    const { message } = read;
    for (const channel of message.channels) this.#end(channel);
    const isBegun = message.type === 'subscribe';
    const channels = CHANNELS.filter(
      (channel) => this.#channels.has(channel) || (isBegun && message.channels.includes(channel)),
    );
    this.#send({ type: 'subscribed', channels });
    if (!isBegun) return;
    for (const channel of new Set(message.channels)) {
      // The client may have been dropped by the channel before.
      if (this.#outlet.isOpen) this.#channels.set(channel, this.#begin(channel, message));
    }
  }

  /** The client is gone. */
  close(): void {
    for (const channel of CHANNELS) this.#end(channel);
    for (const cancel of this.#cancels) cancel();
    this.#cancels.clear();
  }

  #end(channel: Channel): void {
    this.#channels.get(channel)?.();
    this.#channels.delete(channel);
  }

  /** @returns ends it */
  #begin(channel: Channel, message: SubscribeJson): () => void {
    const { state, figures, queries, templates } = this.#feeds;
    switch (channel) {
      case 'state':
        return state.subscribe(this.#stateOutlet(message.state ?? {}), message.state?.since);
      case 'events':
        return this.#beginEvents(message);
      case 'figures':
        return figures.subscribe(this.#outlet, message.figures ?? {});
      case 'queries':
        return queries.subscribe(this.#outlet, message.queries ?? {});
      case 'templates':
        return templates.subscribe(this.#outlet);
    }
  }

  #beginEvents({ events = {} }: SubscribeJson): () => void {
    const { ports, limits } = this.#feeds;
    const reader = new EventReader({
      catalog: ports.catalog,
      startedAt: ports.daemon.identity().startedAt,
      outlet: this.#outlet,
      wanted: events,
      backlogBytes: limits.backlogBytes,
      drop: () => this.#drop(),
      drained: (callback) => this.#drained(callback),
    });
    return () => reader.stop();
  }

  /** The feed's messages with the name of the channel; its last words are for the whole connection. */
  #stateOutlet(options: StateOptionsJson): Outlet {
    const outlet = this.#outlet;
    const filter = isFiltered(options) ? new StateFilter(options, options.since !== undefined) : undefined;
    return {
      send: (text) => outlet.send(ofState(filter ? filter.apply(text) : text)),
      get waiting() {
        return outlet.waiting;
      },
      onDrained: (callback) => outlet.onDrained(callback),
      end: (text) => outlet.end(text),
      cut: () => outlet.cut(),
      get isOpen() {
        return outlet.isOpen;
      },
    };
  }

  /** Calls back when the client has read what waits for it; a client that reads nothing for too long is dropped. */
  #drained(callback: () => void): void {
    const cancel = this.#feeds.ports.timers.after(this.#feeds.limits.stallMs, () => this.#drop());
    this.#cancels.add(cancel);
    this.#outlet.onDrained(() => {
      cancel();
      this.#cancels.delete(cancel);
      callback();
    });
  }

  #drop(): void {
    if (!this.#outlet.isOpen) return;
    const detail =
      'the client reads too slowly, so the stream ends; connect again with "since" and the cursor of the last message';
    this.#outlet.end(
      JSON.stringify({ type: 'error', code: 'slow-reader', detail } satisfies StreamErrorJson),
    );
    this.#feeds.ports.log.warn(
      'dropped a client of /v1/stream that reads too slowly; it can resume with "since"',
    );
    this.close();
  }

  #send(message: HelloJson | SubscribedJson | StreamErrorJson): void {
    this.#outlet.send(JSON.stringify(message));
  }
}
