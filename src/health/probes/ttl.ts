import { duration } from '../check.js';
import { failed, oneLine, passed, type Probe, type ProbeResult } from './probe.js';

interface Beat {
  readonly at: number;
  readonly result: ProbeResult;
}

/**
 * Stores the reports ("beats") of tasks that check themselves, which come through the API. A probe reads them: at once
 * after each beat, and when the last beat has expired.
 */
export class TtlBoard {
  readonly #now: () => number;
  readonly #beats = new Map<string, Beat>();
  /** When each task was first probed. Earlier beats are unknown here. */
  readonly #asked = new Map<string, number>();
  #onBeat: (task: string) => void = () => undefined;

  /** @param now a monotonic clock in milliseconds, the same as the checker's */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Called after each beat with the task's id. The checker is the only listener. */
  set onBeat(listener: (task: string) => void) {
    this.#onBeat = listener;
  }

  /** Records a task's report. @param note its explanation; '' if there is none */
  beat(task: string, ok: boolean, note: string): void {
    const said = oneLine(note);
    const detail = said === '' ? (ok ? 'beat' : 'the task reports that it is not well') : said;
    this.#beats.set(task, { at: this.#now(), result: ok ? passed(detail) : failed(detail) });
    this.#onBeat(task);
  }

  forget(task: string): void {
    this.#beats.delete(task);
    this.#asked.delete(task);
  }

  /**
   * A task without a known beat has a whole `ttl` from its first probe before it fails, because beats to an earlier
   * process are unknown.
   * @param ttl how long a beat is valid, in milliseconds
   */
  probe(ttl: number): Probe {
    return ({ task }) => Promise.resolve(this.#look(task, ttl));
  }

  #look(task: string, ttl: number): ProbeResult {
    const now = this.#now();
    const last = this.#beats.get(task);
    if (last) return now - last.at >= ttl ? failed(`TTL expired: no beat for ${duration(ttl)}`) : last.result;
    const asked = this.#asked.get(task) ?? now;
    this.#asked.set(task, asked);
    if (now - asked >= ttl) return failed(`no beat for ${duration(ttl)}`);
    return { ...failed('no beat yet'), local: true };
  }
}
