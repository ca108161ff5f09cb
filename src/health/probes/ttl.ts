import { duration } from '../check.js';
import { failed, oneLine, passed, type Probe, type ProbeResult } from './probe.js';

interface Beat {
  readonly at: number;
  readonly result: ProbeResult;
}

/**
 * Where tasks that check themselves say how they are, by way of the API. The board is looked at by a probe like any
 * other: after each beat at once, and when the last beat is older than it may be.
 */
export class TtlBoard {
  readonly #now: () => number;
  readonly #beats = new Map<string, Beat>();
  /** When each task was first asked about: whether it beat before that is not known here. */
  readonly #asked = new Map<string, number>();
  #onBeat: (task: string) => void = () => undefined;

  /** @param now milliseconds that only grow, of the same clock as the checker's */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Called after each beat with the task's id. There is one listener: the checker. */
  set onBeat(listener: (task: string) => void) {
    this.#onBeat = listener;
  }

  /** A task says how it is. @param note what it says of it; '' when nothing */
  beat(task: string, ok: boolean, note: string): void {
    const said = oneLine(note);
    const detail = said === '' ? (ok ? 'beat' : 'the task says that it is not well') : said;
    this.#beats.set(task, { at: this.#now(), result: ok ? passed(detail) : failed(detail) });
    this.#onBeat(task);
  }

  forget(task: string): void {
    this.#beats.delete(task);
    this.#asked.delete(task);
  }

  /**
   * A task of which no beat is known has a whole `ttl` from the first look on before that counts: the beats that an
   * earlier process took are not known.
   * @param ttl milliseconds that a beat counts
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
