import type { Log } from '../net/log.js';
import { systemTimers } from '../runtime/timers.js';
import { fromBytes } from '../template/byte-strings.js';
import type { RenderRequest } from './consul-template-config.js';
import { TargetTemplate, type RunSettings } from './render-template.js';
import { Renderer, type RendererOptions } from './renderer.js';
import type { QueryPort } from './run-context.js';
import { areThere, RenderedProgram } from './rendered-program.js';
import { unifiedDiff } from './text-diff.js';
import { currentBytes } from './write-file.js';

/** Exit codes of consul-template. */
export const RENDER_EXIT = {
  ok: 0,
  interrupted: 12,
  flags: 13,
  failed: 14,
  config: 15,
  /** Not an exit code: the run is to begin again with the configuration as it is now. */
  reload: -1,
} as const;

export interface RunOptions {
  request: RenderRequest;
  port: QueryPort;
  settings: RunSettings;
  log: Log;
  /** Follows the files of the templates. */
  watch?: RendererOptions['watch'];
  /** Writes data. */
  print: (text: string) => void;
  /** Writes an error message. */
  report: (text: string) => void;
}

/** One run of `fairlead render`. Report changes with {@link changed}; {@link done} resolves to the exit code. */
export class RenderRun {
  readonly done: Promise<number>;
  readonly #options: RunOptions;
  readonly #renderer: Renderer;
  #finish: (code: number) => void = () => undefined;
  readonly #program: RenderedProgram | undefined;

  constructor(options: RunOptions) {
    this.#options = options;
    this.done = new Promise((resolve) => (this.#finish = resolve));
    const { request, port, settings, log } = options;
    const { targets, exec } = request;
    this.#program =
      exec &&
      new RenderedProgram(exec, {
        environment: settings.commandEnvironment ?? process.env,
        withoutRights: settings.withoutRights,
        timers: systemTimers,
        now: settings.now,
        random: Math.random,
        log,
        onGivenUp: (code) => this.#finish(code),
      });
    this.#renderer = new Renderer({
      targets:
        request.once === true ? targets.map((target) => ({ ...target, wait: { min: 0, max: 0 } })) : targets,
      port,
      settings,
      timers: systemTimers,
      log,
      ...(options.watch !== undefined && request.once !== true && { watch: options.watch }),
      onRound: (round) => this.#afterRound(round.written),
    });
  }

  start(): void {
    this.#renderer.start();
  }

  changed(): void {
    this.#renderer.changed();
  }

  /** Reports that a query has been given up. */
  fail(problem: string): void {
    this.#options.report(problem);
    this.#finish(RENDER_EXIT.failed);
  }

  /** Ends the run because of a signal. */
  interrupt(): void {
    this.#finish(RENDER_EXIT.interrupted);
  }

  /** A signal asks the run to begin again. */
  reload(): void {
    this.#finish(RENDER_EXIT.reload);
  }

  /** Passes a signal on to the program, if there is one. */
  signal(signal: NodeJS.Signals): void {
    this.#program?.signal(signal);
  }

  async stop(): Promise<void> {
    await this.#renderer.stop();
    await this.#program?.stop();
  }

  #afterRound(written: number): void {
    const status = this.#renderer.status();
    const { request, report } = this.#options;
    if (request.once === true) {
      const bad = status.filter(({ state }) => state === 'failed' || state === 'held');
      for (const { destination, error = '' } of bad) report(`${destination}: ${error}`);
      if (bad.length > 0) this.#finish(RENDER_EXIT.failed);
      else if (status.every(({ state }) => state === 'rendered') && request.exec === undefined)
        this.#finish(RENDER_EXIT.ok);
    }
    this.#program?.afterRound(written, areThere(status));
  }
}

export interface PreviewOptions extends RunOptions {
  /** `dry` prints whole files, `diff` prints what would change. */
  form: 'dry' | 'diff';
}

/** Shows what a run would write, without writing it. */
export class RenderPreview {
  /** Resolves to the exit code. For `diff`, 1 means that something would change. */
  readonly done: Promise<number>;
  readonly #options: PreviewOptions;
  readonly #templates: readonly TargetTemplate[];
  readonly #shown = new Map<TargetTemplate, string>();
  #finish: (code: number) => void = () => undefined;
  #differs = false;
  #busy = false;

  constructor(options: PreviewOptions) {
    this.#options = options;
    this.done = new Promise((resolve) => (this.#finish = resolve));
    this.#templates = options.request.targets.map((target) => new TargetTemplate(target, options.settings));
  }

  start(): void {
    this.changed();
  }

  changed(): void {
    if (this.#busy) return;
    this.#busy = true;
    // Answers that arrive together are handled together.
    setImmediate(() => {
      this.#busy = false;
      void this.#look();
    });
  }

  fail(problem: string): void {
    this.#options.report(problem);
    this.#finish(RENDER_EXIT.failed);
  }

  interrupt(): void {
    this.#finish(RENDER_EXIT.interrupted);
  }

  /** A signal asks the run to begin again. */
  reload(): void {
    this.#finish(RENDER_EXIT.reload);
  }

  signal(): void {
    // There is no program to which to forward it.
  }

  async stop(): Promise<void> {
    // No program runs.
  }

  async #look(): Promise<void> {
    for (const template of this.#templates) {
      const result = template.run(this.#options.port);
      if (result.kind === 'error') {
        this.fail(result.message);
        return;
      }
      if (result.kind === 'output') await this.#show(template, fromBytes(result.bytes));
    }
    const { once } = this.#options.request;
    const all = this.#templates.every((template) => this.#shown.has(template));
    if (all && (once === true || this.#options.form === 'diff'))
      this.#finish(this.#differs ? 1 : RENDER_EXIT.ok);
  }

  async #show(template: TargetTemplate, text: string): Promise<void> {
    if (this.#shown.get(template) === text) return;
    this.#shown.set(template, text);
    const { destination } = template.target;
    if (this.#options.form === 'dry') {
      this.#options.print(`> ${destination}\n${text}`);
      return;
    }
    const before = await currentBytes(destination);
    const diff = unifiedDiff(
      before === undefined ? '' : fromBytes(before),
      text,
      before === undefined ? '/dev/null' : destination,
      destination,
    );
    if (diff !== '') this.#differs = true;
    this.#options.print(diff);
  }
}
