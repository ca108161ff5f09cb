import { WebSocket } from 'ws';
import { dialSocket } from '../../src/api/socket-dial.js';
import { StreamClient } from '../../src/api/stream-client.js';
import type { StreamMessage, SubscribeJson } from '../../src/api/types/stream.js';

const WANTED: SubscribeJson = { type: 'subscribe', channels: ['state', 'events'] };

/** The beginnings of messages; the rest is for clients that show it. */
const CHANGE = /^\{"channel":"state","type":"change","revision":(\d+),"since":(\d+)/;
const STATE = /^\{"channel":"state","type":"(?:snapshot|beat)","revision":(\d+)/;
const EVENT = /^\{"channel":"events","type":"event","cursor":"[^"]*","event":\{"seq":(\d+)/;
const HEAD_BYTES = 160;
/** The end of each part but the last. */
const MORE = '"more":true}';

/** A client of the stream that counts what it misses. */
export abstract class Listener {
  /** Changes so far. */
  messages = 0;
  /** Changes and events that did not come, resets, and connections that ended. */
  gaps = 0;
  abstract readonly revision: number | undefined;
  #seq: number | undefined;
  #since: number | undefined;
  #last: number | undefined;

  abstract close(): void;

  protected takeChange(revision: number, since: number): void {
    this.messages++;
    const isNext = this.#last === undefined || since === this.#last;
    // A large change comes in several parts.
    const isPart = since === this.#since && revision === this.#last;
    if (!isNext && !isPart) this.gaps++;
    this.#since = since;
    this.#last = revision;
  }

  protected takeEvent(seq: number): void {
    if (this.#seq !== undefined && seq !== this.#seq + 1) this.gaps++;
    this.#seq = seq;
  }
}

/** The client that `fairlead` and the dashboard use: it has the whole state. */
export class WholeListener extends Listener {
  readonly #client: StreamClient;

  constructor(socket: string) {
    super();
    this.#client = new StreamClient({
      dial: dialSocket({ path: socket }),
      wanted: WANTED,
      onMessage: (message) => this.#take(message),
      onFault: () => this.gaps++,
    });
    this.#client.follow().catch(() => this.gaps++);
  }

  get revision(): number | undefined {
    return this.#client.position.replica.revision;
  }

  close(): void {
    this.#client.close();
  }

  #take(message: StreamMessage): void {
    if (!('channel' in message)) return;
    if (message.type === 'reset') this.gaps++;
    if (message.type === 'change') this.takeChange(message.revision, message.since);
    if (message.type === 'event') this.takeEvent(message.event.seq);
  }
}

/**
 * A client that reads the numbers at the beginning of each message. 200 of those that have the whole state need more
 * than the core that the daemon leaves, and would then be dropped as slow.
 */
export class NumbersListener extends Listener {
  revision: number | undefined;
  readonly #client: WebSocket;
  #isClosed = false;

  constructor(socket: string) {
    super();
    this.#client = new WebSocket(`ws+unix://${socket}:/v1/stream`, { perMessageDeflate: false });
    this.#client.on('open', () => this.#client.send(JSON.stringify(WANTED)));
    this.#client.on('message', (data: Buffer) => {
      const isLast = !data.toString('latin1', Math.max(0, data.length - MORE.length)).endsWith(MORE);
      this.#take(data.toString('latin1', 0, HEAD_BYTES), isLast);
    });
    this.#client.on('error', () => this.gaps++);
    this.#client.on('close', () => {
      if (!this.#isClosed) this.gaps++;
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#client.terminate();
  }

  #take(head: string, isLast: boolean): void {
    const [, revision, since] = CHANGE.exec(head) ?? [];
    if (revision !== undefined) {
      if (isLast) this.revision = Number(revision);
      this.takeChange(Number(revision), Number(since));
      return;
    }
    const [, seq] = EVENT.exec(head) ?? [];
    if (seq !== undefined) this.takeEvent(Number(seq));
    const [, other] = STATE.exec(head) ?? [];
    if (other !== undefined && isLast) this.revision = Number(other);
    if (head.includes('"type":"reset"')) this.gaps++;
  }
}
