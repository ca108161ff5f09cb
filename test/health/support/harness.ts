import { Catalog } from '../../../src/catalog/catalog.js';
import type { FactSink, TaskFact } from '../../../src/catalog/facts.js';
import type { Problem } from '../../../src/catalog/model.js';
import type { HealthReport } from '../../../src/catalog/health-overlay.js';
import { CheckBook, type CheckBookOptions, type SelfChecked } from '../../../src/health/check-book.js';
import { Checker, type CheckerOptions } from '../../../src/health/checker.js';
import { expectFrom } from '../../../src/health/first-health.js';
import type { Probe, ProbeResult } from '../../../src/health/probes/probe.js';
import { ManualTimers } from '../../sources/docker/manual-timers.js';
import { ref, taskFact } from '../../support/facts.js';
import { tcp } from './checks.js';

export const pass: ProbeResult = { ok: true, detail: 'connected' };
export const refuse: ProbeResult = { ok: false, detail: 'ECONNREFUSED' };

/** A checker over a real catalog, with probes that say what the test wants and time that the test moves. */
export class Harness {
  readonly timers = new ManualTimers();
  readonly catalog = new Catalog({ clock: () => this.timers.now() });
  readonly docker: FactSink = this.catalog.sink('docker');
  readonly reports: { task: string; report?: HealthReport }[] = [];
  problems: readonly Problem[] = [];
  /** What a probe of an address says; 'hang' is silent until it is stopped. */
  answers: (ip: string) => ProbeResult | 'hang' = () => pass;
  readonly probed: { readonly ip: string; readonly at: number }[] = [];
  running = 0;
  mostRunning = 0;
  readonly checker: Checker;

  constructor(book: CheckBookOptions, options: Partial<CheckerOptions> = {}) {
    this.checker = new Checker({
      catalog: this.catalog,
      book: new CheckBook(book),
      probeFor: ({ kind }) => (kind === 'docker' ? undefined : this.#probe),
      sink: {
        report: (reports) => void this.reports.push(...reports),
        problems: (problems) => (this.problems = problems),
      },
      timers: this.timers,
      clock: () => this.timers.now(),
      random: () => 0.5,
      ...options,
    });
  }

  readonly #probe: Probe = async ({ ip }, signal) => {
    this.probed.push({ ip, at: this.timers.now() });
    this.mostRunning = Math.max(this.mostRunning, ++this.running);
    const answer = this.answers(ip);
    const result =
      answer === 'hang'
        ? await new Promise<ProbeResult>((resolve) =>
            signal.addEventListener('abort', () => resolve({ ok: false, detail: String(signal.reason) })),
          )
        : await Promise.resolve(answer);
    this.running--;
    return result;
  };

  put(...tasks: (TaskFact & SelfChecked)[]): void {
    this.docker.update({ tasks });
  }

  /** `task health: cause` of each report since the last call. */
  told(): string[] {
    return this.reports
      .splice(0)
      .map(({ task, report }) => `${task} ${report ? `${report.health}: ${report.cause}` : 'not checked'}`);
  }
}

export const webCheck = { services: new Map([['default/shop/web', tcp(80)]]) };
export const web = (
  id: string,
  ip: string,
  over: Partial<TaskFact> & SelfChecked = {},
): TaskFact & SelfChecked => ({
  ...taskFact(id, { service: ref('web.shop'), ip }),
  ...over,
});

/** A harness whose reports the catalog takes in, as in the daemon. @returns it, and every event of the trail as it comes */
export function connected(
  book: CheckBookOptions,
  options: Partial<CheckerOptions> = {},
): { readonly h: Harness; readonly events: string[] } {
  const h: Harness = new Harness(book, {
    previous: (task) => h.catalog.reportOf(task),
    sink: {
      report: (reports) => h.catalog.reportHealth(reports),
      problems: (problems) => (h.problems = problems),
    },
    ...options,
  });
  h.catalog.expectation = expectFrom(new CheckBook(book), () => h.timers.now());
  const events: string[] = [];
  h.catalog.onEvent(({ type, subject, message, cause }) => {
    if (type === 'task.health') events.push(`${subject} ${message} [${cause ?? ''}]`);
  });
  return { h, events };
}

/** Events of tasks whose health is the same as before: `web-1 healthy`. */
export const idle = (events: readonly string[]): string[] =>
  events.filter((event) => !event.includes(' -> '));
