import { existsSync } from 'node:fs';
import type { Log } from '../net/log.js';
import { childEnvironment, type EnvironmentSettings } from './child-environment.js';
import type { Timers } from '../runtime/timers.js';
import { commandText, type Command } from './command.js';
import type { WithoutRights } from './spawn-program.js';
import { SupervisedChild } from './supervised-child.js';
import type { TargetStatus } from './template-target.js';
import { userIds } from './user-ids.js';

/** A program that is run once the files are there, and hears of each change. */
export interface ExecRequest {
  command: Command;
  /** Without it the program is stopped and started again. */
  reloadSignal?: NodeJS.Signals | undefined;
  killSignal: NodeJS.Signals;
  killTimeoutMs: number;
  splayMs: number;
  runAs?: string | undefined;
  environment?: EnvironmentSettings | undefined;
  /** What becomes of a program that ends by itself. `give up` tells the owner. */
  restart: 'always' | 'on-failure' | 'never' | 'give up';
}

/** The program's state, as `fairlead templates` shows it. */
export interface ProgramStatus {
  text: string;
  state: 'waiting' | 'running' | 'restarting' | 'ended';
  pid?: number;
  /** When it started last, in milliseconds since the epoch. */
  startedAt?: number;
  /** How often it was started again because it had ended by itself. */
  restarts: number;
  /** How it ended last: `exit status 1`. */
  outcome?: string;
}

export interface ProgramSurroundings {
  environment: Readonly<Record<string, string | undefined>>;
  withoutRights?: WithoutRights | undefined;
  timers: Timers;
  /** Milliseconds since the epoch. */
  now: () => number;
  random: () => number;
  log: Log;
  /** Called when a program that is not started again has ended. */
  onGivenUp?: (code: number) => void;
}

/**
 * Whether a program may start: every file is as it should be, or is at least there from before, where it could not be
 * rendered.
 */
export function areThere(targets: readonly TargetStatus[]): boolean {
  return targets.every(
    ({ state, destination }) => state === 'rendered' || (state !== 'waiting' && existsSync(destination)),
  );
}

const FIRST_RESTART_MS = 1000;
const LAST_RESTART_MS = 60_000;
/** A program that ran this long starts with the shortest delay again. */
const STEADY_MS = 60_000;

/** Starts the program when all files are rendered, passes changes on, and starts it again when it ends. */
export class RenderedProgram {
  readonly #request: ExecRequest;
  readonly #around: ProgramSurroundings;
  #child: SupervisedChild | undefined;
  #cancelRestart: (() => void) | undefined;
  #failures = 0;
  #steadySince = 0;
  #status: ProgramStatus;

  constructor(request: ExecRequest, around: ProgramSurroundings) {
    this.#request = request;
    this.#around = around;
    this.#status = { text: commandText(request.command), state: 'waiting', restarts: 0 };
  }

  get status(): ProgramStatus {
    const pid = this.#child?.pid;
    return { ...this.#status, ...(pid !== undefined && { pid }) };
  }

  /** After each round of rendering. @param written how many files changed @param complete whether the program may start */
  afterRound(written: number, complete: boolean): void {
    if (this.#status.state === 'waiting') {
      if (complete) this.#start();
    } else if (written > 0) this.#child?.reload();
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.signal(signal);
  }

  async stop(): Promise<void> {
    this.#cancelRestart?.();
    await this.#child?.stop();
  }

  #start(): void {
    const { runAs, environment, command, reloadSignal, killSignal, killTimeoutMs, splayMs } = this.#request;
    const { timers, random, withoutRights } = this.#around;
    let user;
    try {
      user = runAs === undefined ? undefined : userIds(runAs);
    } catch (error) {
      this.#ended(126, error instanceof Error ? error.message : String(error));
      return;
    }
    const child = new SupervisedChild({
      ...{ command, reloadSignal, killSignal, killTimeoutMs, splayMs },
      environment: childEnvironment(this.#around.environment, environment),
      ...{ user, withoutRights, timers, random },
      onExit: (code, outcome) => this.#ended(code, outcome),
    });
    this.#child = child;
    this.#steadySince = timers.now();
    this.#status = { ...this.#status, state: 'running', startedAt: this.#around.now() };
    child.start();
  }

  #ended(code: number, outcome: string): void {
    const { restart, command } = this.#request;
    const { timers, log, onGivenUp } = this.#around;
    this.#child = undefined;
    const text = commandText(command);
    const again = restart === 'always' || (restart === 'on-failure' && code !== 0);
    if (!again) {
      this.#status = { ...this.#status, state: 'ended', outcome };
      if (restart !== 'give up') log.warn('the program has ended', { program: text, outcome });
      onGivenUp?.(code);
      return;
    }
    if (timers.now() - this.#steadySince >= STEADY_MS) this.#failures = 0;
    const delay = Math.min(FIRST_RESTART_MS * 2 ** Math.min(this.#failures, 10), LAST_RESTART_MS);
    this.#failures += 1;
    this.#status = { ...this.#status, state: 'restarting', outcome };
    log.warn('the program has ended and is started again', { program: text, outcome, inMs: delay });
    this.#cancelRestart = timers.after(delay, () => {
      this.#status = { ...this.#status, restarts: this.#status.restarts + 1 };
      this.#start();
    });
  }
}
