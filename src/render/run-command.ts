import type { Command } from './command.js';
import { signalGroup, spawnFault, spawnProgram, type WithoutRights } from './spawn-program.js';
import type { UserIds } from './user-ids.js';

export interface CommandOptions {
  timeoutMs: number;
  /** Replaces `{file}` in every argument. */
  file: string;
  /** Without it the command runs as Fairlead does. */
  user?: UserIds | undefined;
  environment?: Readonly<Record<string, string | undefined>> | undefined;
  withoutRights?: WithoutRights | undefined;
  /** Ends the command when it aborts. */
  signal?: AbortSignal;
}

export interface CommandResult {
  ok: boolean;
  /** How it ended: `exit status 1`, `signal SIGKILL`, `no end after 30s`. */
  outcome: string;
  /** Standard output and standard error as they arrived, limited to the last 64 KiB. */
  output: string;
  tookMs: number;
}

export const OUTPUT_LIMIT = 64 * 1024;

/**
 * Runs a command in its own process group and waits for its end. Never rejects. After the timeout the whole group is
 * killed.
 */
export function runCommand(command: Command, options: CommandOptions): Promise<CommandResult> {
  const { file, user, environment, withoutRights } = options;
  const filled =
    typeof command === 'string'
      ? command.replaceAll('{file}', shellQuoted(file))
      : command.map((part) => part.replaceAll('{file}', file));
  const begun = performance.now();
  return new Promise((resolve) => {
    const output = new Tail(OUTPUT_LIMIT);
    const finish = (ok: boolean, outcome: string) => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', kill);
      resolve({ ok, outcome, output: output.text(), tookMs: Math.round(performance.now() - begun) });
    };
    const child = spawnProgram(filled, {
      stdio: ['ignore', 'pipe', 'pipe'],
      environment: environment ?? process.env,
      ...{ user, withoutRights },
    });
    let timedOut = false;
    const kill = () => signalGroup(child, 'SIGKILL');
    const timer = setTimeout(() => {
      timedOut = true;
      kill();
    }, options.timeoutMs);
    options.signal?.addEventListener('abort', kill);
    child.stdout?.on('data', (chunk: Buffer) => output.add(chunk));
    child.stderr?.on('data', (chunk: Buffer) => output.add(chunk));
    child.on('error', (error) => {
      if (child.pid === undefined) finish(false, spawnFault(error, filled, user));
    });
    // `exit`, not `close`: something that the command left running may hold its output open.
    child.on('exit', (code, signal) => {
      setImmediate(() => {
        child.stdout?.destroy();
        child.stderr?.destroy();
        if (timedOut) finish(false, `no end after ${options.timeoutMs / 1000}s, killed`);
        else finish(code === 0, code === null ? `signal ${String(signal)}` : `exit status ${code}`);
      });
    });
  });
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** The last part of a stream. */
class Tail {
  readonly #limit: number;
  #chunks: Buffer[] = [];
  #size = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    if (this.#size > 2 * this.#limit) {
      const kept = Buffer.concat(this.#chunks).subarray(-this.#limit);
      this.#chunks = [kept];
      this.#size = kept.length;
    }
  }

  text(): string {
    return Buffer.concat(this.#chunks).subarray(-this.#limit).toString('utf8');
  }
}
