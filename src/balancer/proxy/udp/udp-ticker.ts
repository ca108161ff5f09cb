/** Calls back every so many milliseconds until the returned function is called. */
export type Every = (milliseconds: number, run: () => void) => () => void;

const everyInterval: Every = (milliseconds, run) => {
  const timer = setInterval(run, milliseconds);
  timer.unref();
  return () => clearInterval(timer);
};

/** A clock that only ticks while there is something to watch. */
export class UdpTicker {
  readonly #milliseconds: number;
  readonly #run: () => void;
  readonly #every: Every;
  #stop: (() => void) | undefined;

  constructor(milliseconds: number, run: () => void, every: Every = everyInterval) {
    this.#milliseconds = milliseconds;
    this.#run = run;
    this.#every = every;
  }

  start(): void {
    this.#stop ??= this.#every(this.#milliseconds, this.#run);
  }

  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
  }
}
