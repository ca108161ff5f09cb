import type { Log } from '../net/log.js';
import { Quiescence } from './quiescence.js';
import type { Timers } from '../runtime/timers.js';
import type { QueryPort } from './run-context.js';
import { TargetRenderer } from './target-renderer.js';
import type { RunSettings } from './render-template.js';
import type { Command } from './command.js';
import type { Target, TargetStatus } from './template-target.js';

export interface RendererOptions {
  targets: readonly Target[];
  port: QueryPort;
  settings: RunSettings;
  timers: Timers;
  log: Log;
  /** Calls back when a file may have changed; it says so too often rather than too seldom. */
  watch?: (file: string, onChange: () => void) => { close(): void };
  /** Called after each round in which a file or a status changed. */
  onRound?: (round: { written: number }) => void;
}

const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 60_000;

/**
 * Keeps all targets up to date with the answers to their queries. Targets with the same command are rendered together,
 * and the command runs once for all of them. Groups do not wait for each other.
 */
export class Renderer {
  readonly #groups: readonly Group[];

  constructor(options: RendererOptions) {
    const groups = new Map<string, Target[]>();
    options.targets.forEach((target, index) => {
      const { command, commandUser } = target;
      const key = command === undefined ? `alone ${index}` : JSON.stringify([command, commandUser]);
      groups.set(key, [...(groups.get(key) ?? []), target]);
    });
    this.#groups = [...groups.values()].map((targets) => new Group(targets, options));
  }

  /** Renders everything for the first time. */
  start(): void {
    for (const group of this.#groups) group.start();
  }

  /** Reports that an answer may have changed. */
  changed(): void {
    for (const group of this.#groups) group.changed();
  }

  status(): TargetStatus[] {
    return this.#groups.flatMap((group) => group.status());
  }

  /** Renders what is due, and resolves when nothing is pending. */
  async settled(): Promise<void> {
    await Promise.all(this.#groups.map((group) => group.settled()));
  }

  /** Finishes pending work and stops. */
  async stop(): Promise<void> {
    await Promise.all(this.#groups.map((group) => group.stop()));
  }
}

/** Targets with the same command. */
class Group {
  readonly #options: RendererOptions;
  readonly #members: readonly Member[];
  readonly #command: Command | undefined;
  readonly #due = new Set<Member>();
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(targets: readonly Target[], options: RendererOptions) {
    this.#options = options;
    this.#command = targets[0]?.command;
    this.#members = targets.map((target) => new Member(target, options, (member) => this.#schedule(member)));
  }

  start(): void {
    for (const member of this.#members) this.#schedule(member);
  }

  changed(): void {
    for (const member of this.#members) member.changed();
  }

  status(): TargetStatus[] {
    return this.#members.map(({ renderer }) => renderer.status);
  }

  async settled(): Promise<void> {
    await this.#running;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const member of this.#members) member.stop();
    await this.#running;
  }

  #schedule(member: Member): void {
    if (this.#stopped) return;
    this.#due.add(member);
    // Everything due at the same moment belongs to one round.
    this.#running ??= Promise.resolve()
      .then(() => this.#run())
      .finally(() => {
        this.#running = undefined;
      });
  }

  async #run(): Promise<void> {
    while (this.#due.size > 0 && !this.#stopped) {
      // A file that the command refused may have needed another one that comes now.
      const batch = this.#members.filter(
        (member) => this.#due.has(member) || member.renderer.refusedByCommand,
      );
      this.#due.clear();
      await this.#round(batch);
    }
  }

  async #round(batch: readonly Member[]): Promise<void> {
    const attempts = [];
    for (const member of batch) attempts.push({ member, attempt: await member.renderer.attempt() });
    const due = attempts.filter(({ attempt }) => attempt.commandDue);
    const [first] = due;
    if (this.#command !== undefined && first !== undefined) {
      const command = this.#command;
      const result = await first.member.renderer.command(command, first.member.renderer.target.destination);
      for (const { member, attempt } of due) await member.renderer.afterCommand(command, result, attempt);
      const rolledBack = due.some(({ attempt }) => attempt.committed !== undefined);
      // After a rollback the program must load the old files again, unless the command hangs anyway.
      if (!result.ok && rolledBack && !result.outcome.startsWith('no end')) {
        await first.member.renderer.command(command, first.member.renderer.target.destination);
      }
    }
    for (const { member, attempt } of attempts) {
      if (attempt.succeeded === true) member.renderer.succeed(attempt);
      member.after();
    }
    this.#options.onRound?.({
      written: attempts.filter(({ attempt }) => attempt.committed !== undefined).length,
    });
  }
}

/** One target within its group, with its schedule. */
class Member {
  readonly renderer: TargetRenderer;
  readonly #options: RendererOptions;
  readonly #quiescence: Quiescence;
  readonly #due: () => void;
  readonly #watch: { close(): void } | undefined;
  #cancelRetry: (() => void) | undefined;
  #reported = '';

  constructor(target: Target, options: RendererOptions, due: (member: Member) => void) {
    this.#options = options;
    this.renderer = new TargetRenderer(target, options.port, options.settings);
    this.#due = () => due(this);
    this.#quiescence = new Quiescence(target.wait, options.timers, this.#due);
    const { source } = target;
    if ('file' in source) {
      this.#watch = options.watch?.(source.file, () => {
        if (this.renderer.isSourceChanged()) this.#touch();
      });
    }
  }

  changed(): void {
    // The same answers as last time cost nothing.
    if (this.renderer.isOutdated()) this.#touch();
  }

  #touch(): void {
    // The first render has to wait for nothing.
    if (this.renderer.status.renderedAt === undefined && this.renderer.status.state === 'waiting')
      this.#due();
    else this.#quiescence.touch();
  }

  /** Called after a round: reports changes, and schedules a retry after a failure. */
  after(): void {
    const { state, error = '', destination, failures, bytes } = this.renderer.status;
    const report = `${state} ${error}`;
    if (report !== this.#reported) {
      this.#reported = report;
      if (state === 'failed' || state === 'held') this.#options.log.warn(error, { destination });
      else if (state === 'rendered') this.#options.log.info('rendered', { destination, bytes });
    }
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    if (state !== 'failed') return;
    const delay = Math.min(FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 10), LAST_RETRY_MS);
    this.#cancelRetry = this.#options.timers.after(delay, this.#due);
  }

  stop(): void {
    this.#watch?.close();
    this.#quiescence.stop();
    this.#cancelRetry?.();
  }
}
