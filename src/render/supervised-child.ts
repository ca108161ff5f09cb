import type { ChildProcess } from 'node:child_process';
import { exitCodeOf } from '../net/signals.js';
import type { Timers } from '../runtime/timers.js';
import type { Command } from './command.js';
import { signalGroup, spawnFault, spawnProgram, type WithoutRights } from './spawn-program.js';
import type { UserIds } from './user-ids.js';

export interface ChildOptions {
  command: Command;
  /** The signal to send after a change. Without it, the program is restarted. */
  reloadSignal?: NodeJS.Signals | undefined;
  killSignal: NodeJS.Signals;
  killTimeoutMs: number;
  /** After a change, wait a random part of this time. */
  splayMs: number;
  environment: Readonly<Record<string, string | undefined>>;
  user?: UserIds | undefined;
  withoutRights?: WithoutRights | undefined;
  timers: Timers;
  /** Returns a number from 0 up to but excluding 1. */
  random: () => number;
  /** The program ended by itself, or could not be started. The code is that of a shell. */
  onExit: (code: number, outcome: string) => void;
}

/** One program that runs as long as its files are rendered, in a process group of its own. */
export class SupervisedChild {
  readonly #options: ChildOptions;
  #child: ChildProcess | undefined;
  #ending: Promise<void> | undefined;
  #cancelSplay: (() => void) | undefined;
  #isStopped = false;

  constructor(options: ChildOptions) {
    this.#options = options;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  start(): void {
    const { command, environment, user, withoutRights } = this.#options;
    const child = spawnProgram(direct(command), { stdio: 'inherit', environment, user, withoutRights });
    this.#child = child;
    child.on('error', (error) => {
      // A signal that could not be sent is an error, too.
      if (child.pid === undefined) this.#ended(child, 127, spawnFault(error, command, user));
    });
    child.on('exit', (code, signal) => {
      if (code !== null) this.#ended(child, code, `exit status ${code}`);
      else this.#ended(child, signal === null ? 1 : exitCodeOf(signal), `signal ${String(signal)}`);
    });
  }

  #ended(child: ChildProcess, code: number, outcome: string): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    if (this.#ending === undefined && !this.#isStopped) this.#options.onExit(code, outcome);
  }

  /** Reports that the files have changed. */
  reload(): void {
    const { splayMs, timers, random } = this.#options;
    this.#cancelSplay?.();
    this.#cancelSplay = timers.after(Math.floor(random() * splayMs), () => void this.#reload());
  }

  async #reload(): Promise<void> {
    const { reloadSignal } = this.#options;
    // One that has ended reads the new files when it starts.
    if (this.#isStopped || this.#child === undefined) return;
    if (reloadSignal !== undefined) {
      this.#child.kill(reloadSignal);
      return;
    }
    await this.#end();
    this.#startAgain();
  }

  #startAgain(): void {
    if (!this.#isStopped) this.start();
  }

  /** Forwards a signal. */
  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Ends the program, by force after the timeout. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelSplay?.();
    await this.#end();
  }

  #end(): Promise<void> {
    this.#ending ??= this.#kill().finally(() => {
      this.#ending = undefined;
    });
    return this.#ending;
  }

  #kill(): Promise<void> {
    const child = this.#child;
    if (child?.pid === undefined) return Promise.resolve();
    const { killSignal, killTimeoutMs, timers } = this.#options;
    return new Promise((resolve) => {
      const cancel = timers.after(killTimeoutMs, () => signalGroup(child, 'SIGKILL'));
      child.once('exit', () => {
        cancel();
        resolve();
      });
      child.kill(killSignal);
    });
  }
}

/** A line that is one command takes the place of its shell, so that signals reach the program itself. */
function direct(command: Command): Command {
  return typeof command === 'string' && !/[;&|<>\n(){}`]/.test(command) ? `exec ${command}` : command;
}
