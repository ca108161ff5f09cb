import { expectedAnswer, type SoakQuestion } from './soak-model.js';

/** One query and what came of it; times are of the system's monotonic clock, in ms. */
export interface SoakAnswer {
  readonly question: SoakQuestion;
  readonly sent: number;
  readonly received: number;
  readonly answer: string;
}

interface Generation {
  readonly number: number;
  /** When its change began: nobody can have seen it before. */
  readonly from: number;
  /** When the change that ended it was over: nobody can see it after. */
  until: number;
}

/** Longer than any query is waited for, in ms. */
const KEPT = 30_000;

/** Which generation each service was in at what time. */
export class SoakHistory {
  readonly #services: Generation[][];

  constructor(services: number) {
    this.#services = Array.from({ length: services }, () => [
      { number: 0, from: -Infinity, until: Infinity },
    ]);
  }

  generation(service: number): number {
    return this.#services[service]?.at(-1)?.number ?? 0;
  }

  /** Notes that a service went over to the next generation by a change that took from `began` to `ended`. */
  changed(service: number, began: number, ended: number): void {
    const generations = this.#services[service] ?? [];
    const last = generations.at(-1);
    if (!last) return;
    last.until = ended;
    generations.push({ number: last.number + 1, from: began, until: Infinity });
    while ((generations[0]?.until ?? Infinity) < ended - KEPT) generations.shift();
  }

  /** Whether the answer is that of a generation that was in force at some time while the query was under way. */
  isRight({ question, sent, received, answer }: SoakAnswer): boolean {
    return this.#during(question, sent, received).some(
      (each) => expectedAnswer(question, each.number) === answer,
    );
  }

  /** What would have been right. */
  expected({ question, sent, received }: SoakAnswer): readonly string[] {
    return this.#during(question, sent, received).map((each) => expectedAnswer(question, each.number));
  }

  #during({ service }: SoakQuestion, sent: number, received: number): readonly Generation[] {
    return (this.#services[service] ?? []).filter(({ from, until }) => from <= received && until >= sent);
  }
}
