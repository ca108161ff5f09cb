import { spawn } from 'node:child_process';
import { errorMessage } from '../net/error-message.js';
import type { Log } from '../net/log.js';

/** The last attempt to have a successor that came to nothing. */
export interface RestartFault {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** One line. */
  readonly error: string;
}

export interface SuccessorOptions {
  readonly log: Log;
  /** The command that this process was started by: the program, and what follows it. */
  readonly command?: readonly [string, ...string[]];
  readonly pid?: number;
}

/**
 * Starts this program again, as it is on the disk now, to take over (`fairlead run --takeover`). The new process is
 * one of this service, with its rights and its control group, so a service manager goes on with it.
 */
export class Successor {
  readonly #options: SuccessorOptions;
  #isStarting = false;
  #fault: RestartFault | undefined;

  constructor(options: SuccessorOptions) {
    this.#options = options;
  }

  get fault(): RestartFault | undefined {
    return this.#fault;
  }

  /** Does nothing while one is on its way. What becomes of it, {@link fault} says: when it serves, this process ends. */
  start(): void {
    const { log, command = ownCommand(), pid = process.pid } = this.#options;
    if (this.#isStarting) return;
    if (pid === 1) {
      this.#failed(
        'it is the first process of a container, which ends with it; start another container with "run --takeover"',
      );
      return;
    }
    this.#isStarting = true;
    this.#fault = undefined;
    log.info('starting a successor');
    const [program, ...words] = command;
    const all = words.includes('--takeover') ? words : [...words, '--takeover'];
    const child = spawn(program, all, { stdio: ['ignore', 'inherit', 'inherit'], detached: true });
    child.unref();
    child.once('error', (error) => this.#failed(errorMessage(error)));
    child.once('exit', (code, signal) =>
      this.#failed(`the successor ended (${signal ?? `exit code ${code ?? 0}`}); its log says why`),
    );
  }

  #failed(error: string): void {
    this.#isStarting = false;
    this.#fault = { at: Date.now(), error };
    this.#options.log.error('there was no restart; this process goes on', { error });
  }
}

function ownCommand(): [string, ...string[]] {
  return [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
}
