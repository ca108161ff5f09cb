import { batch, computed, signal } from '@preact/signals';
import { AnswerError } from '../api/answer-errors.js';
import { StreamClient } from '../api/stream-client.js';
import type { ReplicaPart, StateReplica } from '../api/stream/state-replica.js';
import type { EventJson } from '../api/types/resources.js';
import type { StatusJson } from '../api/types/status-json.js';
import type { HelloJson, StreamMessage } from '../api/types/stream.js';
import type { TemplateListJson } from '../api/types/templates-json.js';
import type { WatchMessage } from '../api/types/watch.js';
import { askLines } from './ask.js';
import { dialBrowser } from './browser-dial.js';
import { Trends, type TrendPoint } from './trends.js';

/** Whether the page follows the daemon. */
export type Link =
  | { readonly state: 'opening' }
  | { readonly state: 'live' }
  /** Nothing has come since `at`, milliseconds since the epoch by the browser's clock. */
  | { readonly state: 'gone'; readonly at: number; readonly why: string; readonly isForbidden: boolean };

/** An event, and how many runs of the daemon the page had seen before it: each run counts from 1. */
export interface SeenEvent {
  readonly run: number;
  readonly event: EventJson;
}

/** As many as the daemon keeps. */
const MOST_EVENTS = 2000;

/** A hidden page gets no frames from the browser. */
const HIDDEN_MS = 1000;

/** All that every page needs, as signals: state, events and figures of the daemon. */
class Live {
  readonly link = signal<Link>({ state: 'opening' });
  /** Grows with each change of the state. */
  readonly revision = signal(0);
  readonly status = signal<StatusJson | undefined>(undefined);
  readonly trends = signal<readonly TrendPoint[]>([]);
  /** The newest first. */
  readonly events = signal<readonly SeenEvent[]>([]);
  readonly templates = signal<TemplateListJson | undefined>(undefined);
  readonly hello = signal<HelloJson | undefined>(undefined);
  readonly #client = new StreamClient({
    dial: dialBrowser,
    wanted: {
      type: 'subscribe',
      channels: ['state', 'events', 'figures', 'templates'],
      events: { last: 500 },
      figures: { kinds: ['status'], everyMs: 1000 },
    },
    onMessage: (message) => this.#take(message),
    onFault: (fault) => this.#lose(fault),
  });
  readonly #replica = this.#client.position.replica;
  /** A new object with each change, because the replica itself stays the same. */
  readonly #seen = computed(() => ({ revision: this.revision.value, replica: this.#replica }));
  readonly #trends = new Trends();
  #fresh: SeenEvent[] = [];
  #run = 0;
  #heardAt = Date.now();
  #isChanged = false;
  #isPlanned = false;

  /** The state. What reads it in a signal or a component reads it again after each change. */
  get replica(): StateReplica {
    return this.#seen.value.replica;
  }

  /** @param take called with each part of the state, before {@link revision} grows */
  followState(take: (part: ReplicaPart) => void): void {
    this.#replica.onPart = take;
  }

  /** Follows the daemon until the page is closed. */
  async start(): Promise<void> {
    await this.#begin();
    await this.#client.follow();
  }

  /** The state, compressed; what does not come this way comes with the stream. */
  async #begin(): Promise<void> {
    try {
      for await (const line of askLines('/v1/state'))
        if (this.#replica.apply(JSON.parse(line) as WatchMessage)) this.#plan(true);
    } catch {
      this.#replica.cut();
    }
  }

  #take(message: StreamMessage): void {
    this.#heardAt = Date.now();
    if (this.link.value.state !== 'live') this.link.value = { state: 'live' };
    if (message.type === 'hello') this.hello.value = message;
    if (!('channel' in message)) return;
    switch (message.channel) {
      case 'state':
        if (message.type !== 'beat') this.#plan(true);
        return;
      case 'events':
        if (message.type === 'reset') this.#run += 1;
        if (message.type === 'event') this.#fresh.push({ run: this.#run, event: message.event });
        this.#plan(false);
        return;
      case 'figures':
        if (!message.status) return;
        this.#trends.add(message.status);
        batch(() => {
          this.status.value = message.status;
          this.trends.value = this.#trends.points;
        });
        return;
      case 'templates':
        this.templates.value = message;
        return;
      case 'queries':
        return;
    }
  }

  #lose(fault: Error): void {
    const isForbidden = fault instanceof AnswerError && fault.problem.status === 401;
    const { value } = this.link;
    const at = value.state === 'gone' ? value.at : this.#heardAt;
    // What a program should do about it is not for people.
    const [why = ''] = fault.message.split(';');
    this.link.value = { state: 'gone', at, why, isForbidden };
  }

  /** Many messages make one frame. */
  #plan(isChanged: boolean): void {
    this.#isChanged ||= isChanged;
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    if (document.hidden) setTimeout(() => this.#show(), HIDDEN_MS);
    else requestAnimationFrame(() => this.#show());
  }

  #show(): void {
    this.#isPlanned = false;
    batch(() => {
      if (this.#isChanged) this.revision.value += 1;
      this.#isChanged = false;
      if (this.#fresh.length === 0) return;
      this.events.value = [...this.#fresh.reverse(), ...this.events.value].slice(0, MOST_EVENTS);
      this.#fresh = [];
    });
  }
}

export const live = new Live();
