/** Calls back at this interval until the returned function is called. */
export type Every = (milliseconds: number, run: () => void) => () => void;

const everyInterval: Every = (milliseconds, run) => {
  const timer = setInterval(run, milliseconds);
  timer.unref();
  return () => clearInterval(timer);
};

/** A clock that ticks only while there is something to watch. */
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
