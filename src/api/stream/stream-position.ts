import type { EventOptionsJson, FiguresJson, StreamMessage, SubscribeJson } from '../types/stream.js';
import { StateReplica } from './state-replica.js';

/** What a client of the stream has, and so where it goes on after its connection was cut. */
export class StreamPosition {
  readonly replica = new StateReplica();
  /** The last figures. */
  figures: FiguresJson | undefined;
  /** Why the daemon ended the connection. */
  farewell: string | undefined;
  readonly #wanted: SubscribeJson;
  #events: string | undefined;

  constructor(wanted: SubscribeJson) {
    this.#wanted = wanted;
  }

  /** The first message of a connection. */
  subscribe(): SubscribeJson {
    const { state, events, ...rest } = this.#wanted;
    const hasState = rest.channels.includes('state');
    const hasEvents = rest.channels.includes('events');
    const { cursor } = this.replica;
    const resumed = this.#events === undefined ? events : { ...filterOf(events), since: this.#events };
    return {
      ...rest,
      ...(hasState &&
        (state ?? cursor) !== undefined && {
          state: { ...state, ...(cursor !== undefined && { since: cursor }) },
        }),
      ...(hasEvents && resumed && { events: resumed }),
    };
  }

  /** @returns whether the client's state has changed */
  take(message: StreamMessage): boolean {
    if (!('channel' in message)) {
      if (message.type === 'error' && message.code !== 'bad-message') this.farewell = message.detail;
      return false;
    }
    switch (message.channel) {
      case 'state':
        return this.replica.apply(message);
      case 'events':
        if (message.type !== 'reset') this.#events = message.cursor;
        return false;
      case 'figures':
        this.figures = message;
        return false;
      case 'queries':
      case 'templates':
        return false;
    }
  }

  /** The connection is gone. */
  cut(): void {
    this.replica.cut();
    this.farewell = undefined;
  }
}

/** Where to begin counts for the first connection only. */
function filterOf({ types, subject }: EventOptionsJson = {}): EventOptionsJson {
  return { ...(types && { types }), ...(subject !== undefined && { subject }) };
}
