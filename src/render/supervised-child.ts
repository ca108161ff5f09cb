import { spawn, type ChildProcess } from 'node:child_process';
import type { Timers } from '../runtime/timers.js';
import type { Command } from './run-command.js';

export interface ChildOptions {
  command: Command;
  /** What a change sends; without it the program is stopped and started again. */
  reloadSignal?: NodeJS.Signals | undefined;
  killSignal: NodeJS.Signals;
  killTimeoutMs: number;
  /** A change waits a random part of this time. */
  splayMs: number;
  timers: Timers;
  /** From 0 to below 1. */
  random: () => number;
  /** The program ended by itself. */
  onExit: (code: number) => void;
}

/** One program that runs as long as its files are rendered. */
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
    const { command } = this.#options;
    const [program = '', ...args] =
      typeof command === 'string' ? ['/bin/sh', '-c', `exec ${command}`] : command;
    const child = spawn(program, args, { stdio: 'inherit' });
    this.#child = child;
    child.on('error', () => this.#ended(child, 127));
    child.on('exit', (code, signal) =>
      this.#ended(child, code ?? (signal === null ? 1 : 128 + signalNumber(signal))),
    );
  }

  #ended(child: ChildProcess, code: number): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    if (this.#ending === undefined && !this.#isStopped) this.#options.onExit(code);
  }

  /** The files have changed. */
  reload(): void {
    const { splayMs, timers, random } = this.#options;
    this.#cancelSplay?.();
    this.#cancelSplay = timers.after(Math.floor(random() * splayMs), () => void this.#reload());
  }

  async #reload(): Promise<void> {
    const { reloadSignal } = this.#options;
    if (this.#isStopped) return;
    if (reloadSignal !== undefined) {
      this.#child?.kill(reloadSignal);
      return;
    }
    await this.#end();
    this.#startAgain();
  }

  #startAgain(): void {
    if (!this.#isStopped) this.start();
  }

  /** Passes a signal on. */
  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Ends the program, by force when it does not end within its time. */
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
    if (child === undefined) return Promise.resolve();
    const { killSignal, killTimeoutMs, timers } = this.#options;
    return new Promise((resolve) => {
      const cancel = timers.after(killTimeoutMs, () => child.kill('SIGKILL'));
      child.once('exit', () => {
        cancel();
        resolve();
      });
      child.kill(killSignal);
    });
  }
}

const NUMBERS: Readonly<Partial<Record<NodeJS.Signals, number>>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGKILL: 9,
  SIGTERM: 15,
};

function signalNumber(signal: NodeJS.Signals): number {
  return NUMBERS[signal] ?? 0;
}
