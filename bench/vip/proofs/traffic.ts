// Clients of the proofs that come on and on: 200 new connections a second, and 200 requests a second on 50 that are kept.
import { connect, type Socket } from 'node:net';
import { IP } from '../contestants.js';

const EVERY_MS = 5;
const KEPT = 50;
const PATIENCE_MS = 8000;

export interface Seen {
  readonly at: number;
  /** How long it took, milliseconds. */
  readonly ms: number;
  readonly kind: 'new' | 'kept';
  /** Who answered; absent: nobody. */
  readonly task?: string;
  /** Of a kept connection that failed: who had answered on it before. */
  readonly before?: string;
}

export interface Traffic {
  /** Resolves when every request has had its answer, or none. */
  end(): Promise<readonly Seen[]>;
}

/** Begins at once. Times are of `performance.now`. */
export function startTraffic(port: number): Traffic {
  const seen: Seen[] = [];
  const running = new Set<Promise<void>>();
  const lanes = Array.from({ length: KEPT }, () => new Lane(port, (each) => seen.push(each)));
  const track = (work: Promise<void>): void => {
    running.add(work);
    void work.finally(() => running.delete(work));
  };
  let turn = 0;
  const ticking = setInterval(() => {
    const fresh = new Lane(port, (each) => seen.push({ ...each, kind: 'new' }));
    track(fresh.ask().then(() => fresh.close()));
    const lane = lanes[turn++ % KEPT];
    if (lane && !lane.isBusy) track(lane.ask());
  }, EVERY_MS);
  return {
    async end() {
      clearInterval(ticking);
      await Promise.all(running);
      for (const lane of lanes) lane.close();
      return seen;
    },
  };
}

/** One connection at a time; another one when it is closed. */
class Lane {
  isBusy = false;
  readonly #port: number;
  readonly #tell: (seen: Seen) => void;
  #socket: Socket | undefined;
  #task: string | undefined;

  constructor(port: number, tell: (seen: Seen) => void) {
    this.#port = port;
    this.#tell = tell;
  }

  async ask(): Promise<void> {
    this.isBusy = true;
    const at = performance.now();
    const before = this.#socket && this.#task;
    const answer = await this.#exchange();
    const [task, bye] = answer?.split(' ') ?? [];
    this.#task = task;
    if (task === undefined || bye !== undefined) this.close();
    this.#tell({
      ...{ at, ms: performance.now() - at, kind: 'kept' },
      ...(task !== undefined && { task }),
      ...(task === undefined && before !== undefined && { before }),
    });
    this.isBusy = false;
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  #exchange(): Promise<string | undefined> {
    return new Promise((resolve) => {
      const socket = (this.#socket ??= this.#connect());
      const done = (answer?: Buffer): void => {
        clearTimeout(timer);
        socket.off('data', done).off('close', onClose);
        resolve(answer?.toString().trim());
      };
      const onClose = (): void => done();
      const timer = setTimeout(done, PATIENCE_MS);
      socket.on('data', done).on('close', onClose);
      socket.write('?\n');
    });
  }

  #connect(): Socket {
    const socket = connect({ host: IP, port: this.#port, noDelay: true });
    socket.on('error', () => socket.destroy());
    // One that is closed while nobody asks is not loss: the next request has another.
    socket.on('close', () => {
      if (this.#socket === socket) this.#socket = undefined;
    });
    return socket;
  }
}
