import type { Timers } from '../../runtime/timers.js';

/** Where the frames of one client go: its connection. */
export type FrameWriter = (frames: Buffer) => void;

/** The messages to one client. */
export interface FrameLane {
  send(text: string): void;
  /** Writes what waits for company now: before anything else is written to the connection, or when it ends. */
  flush(): void;
  /** Bytes that wait for company. */
  readonly waiting: number;
}

interface Lane {
  readonly write: FrameWriter;
  /** What waits for company. */
  held: Buffer[];
  bytes: number;
}

/** So many clients more, and messages in quick succession wait one millisecond longer for each other. */
const CLIENTS_A_MS = 8;
const LONGEST_MS = 50;

/** Larger messages are most often for one client, and gain nothing from company. */
const LARGE_BYTES = 16 * 1024;

/**
 * Frames for the clients of the stream. With many clients and many changes, what a message costs is the system call for
 * each client. So messages to a client in quick succession go together; the first one after a calm goes at once. The
 * more clients there are, the longer they wait for company; with a few, not at all. Clients that get the same texts get
 * the same bytes, made once.
 */
export class FrameBatches {
  readonly #timers: Pick<Timers, 'after'>;
  readonly #clients: () => number;
  /** Those to whom something was sent since the last round; what they get until the next one is held. */
  readonly #recent = new Set<Lane>();
  readonly #frames = new Map<string, Buffer>();
  #joined: { readonly frames: readonly Buffer[]; readonly bytes: Buffer } | undefined;
  #isDue = false;

  /** @param clients how many there are */
  constructor(timers: Pick<Timers, 'after'>, clients: () => number) {
    this.#timers = timers;
    this.#clients = clients;
  }

  lane(write: FrameWriter): FrameLane {
    const lane: Lane = { write, held: [], bytes: 0 };
    return {
      send: (text) => this.#send(lane, text),
      flush: () => this.#flush(lane),
      get waiting() {
        return lane.bytes;
      },
    };
  }

  /** How long messages wait for company now, in milliseconds. */
  get #patienceMs(): number {
    return Math.min(LONGEST_MS, Math.floor(this.#clients() / CLIENTS_A_MS));
  }

  #send(lane: Lane, text: string): void {
    if (this.#patienceMs === 0 || text.length > LARGE_BYTES) {
      this.#flush(lane);
      lane.write(textFrame(text));
      return;
    }
    const frame = this.#frameOf(text);
    if (this.#recent.has(lane)) {
      lane.held.push(frame);
      lane.bytes += frame.length;
    } else {
      this.#recent.add(lane);
      lane.write(frame);
    }
    this.#arm();
  }

  #arm(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    this.#timers.after(this.#patienceMs, () => this.#round());
  }

  #round(): void {
    this.#isDue = false;
    for (const lane of this.#recent) {
      if (lane.bytes === 0) this.#recent.delete(lane);
      else this.#flush(lane);
    }
    this.#frames.clear();
    this.#joined = undefined;
    if (this.#recent.size > 0) this.#arm();
  }

  #flush(lane: Lane): void {
    if (lane.bytes === 0) return;
    const { held } = lane;
    lane.held = [];
    lane.bytes = 0;
    lane.write(this.#join(held));
  }

  /** Most clients get what the one before them got. */
  #join(frames: readonly Buffer[]): Buffer {
    const last = this.#joined;
    if (last?.frames.length === frames.length && frames.every((frame, at) => frame === last.frames[at]))
      return last.bytes;
    const bytes = Buffer.concat(frames);
    this.#joined = { frames, bytes };
    return bytes;
  }

  #frameOf(text: string): Buffer {
    let frame = this.#frames.get(text);
    if (!frame) {
      frame = textFrame(text);
      this.#frames.set(text, frame);
    }
    return frame;
  }
}

/** A whole text message of a server, which masks nothing (RFC 6455 section 5.2). */
export function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const head = length < 126 ? 2 : length < 0x1_0000 ? 4 : 10;
  const frame = Buffer.allocUnsafe(head + length);
  // FIN, and a frame of text.
  frame[0] = 0x81;
  if (head === 2) frame[1] = length;
  else if (head === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  frame.write(text, head);
  return frame;
}
