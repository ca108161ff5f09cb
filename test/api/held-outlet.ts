import type { Outlet } from '../../src/api/stream/outlet.js';

/** A reader whose hands are held by the test: what is sent waits until it is taken. */
export class HeldOutlet<Message> implements Outlet {
  readonly #waiting: string[] = [];
  #drained: (() => void)[] = [];
  isOpen = true;

  send(message: string): void {
    if (this.isOpen) this.#waiting.push(message);
  }

  get waiting(): number {
    return this.#waiting.reduce((sum, text) => sum + text.length, 0);
  }

  onDrained(callback: () => void): void {
    if (!this.isOpen || this.#waiting.length === 0) callback();
    else this.#drained.push(callback);
  }

  end(message: string): void {
    this.send(message);
    this.isOpen = false;
  }

  cut(): void {
    this.isOpen = false;
    this.#waiting.length = 0;
    this.#tell();
  }

  /** Takes the oldest messages. */
  take(count = Infinity): Message[] {
    const taken = this.#waiting.splice(0, count);
    if (this.#waiting.length === 0) this.#tell();
    return taken.map((text) => JSON.parse(text) as Message);
  }

  #tell(): void {
    for (const callback of this.#drained.splice(0)) callback();
  }
}

/** Timers that only the test lets come. */
export class TestTimers {
  readonly waiting: { readonly ms: number; readonly run: () => void }[] = [];

  readonly after = (ms: number, run: () => void): (() => void) => {
    const timer = { ms, run };
    this.waiting.push(timer);
    return () => {
      const at = this.waiting.indexOf(timer);
      if (at >= 0) this.waiting.splice(at, 1);
    };
  };

  /** Lets the time of every timer come that waits for `ms`. */
  elapse(ms: number): void {
    for (const timer of this.waiting.filter((each) => each.ms === ms)) {
      this.waiting.splice(this.waiting.indexOf(timer), 1);
      timer.run();
    }
  }
}
