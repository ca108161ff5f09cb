import { spawn } from 'node:child_process';

/** A program with its arguments, or a line for the shell. */
export type Command = string | readonly string[];

export interface CommandOptions {
  timeoutMs: number;
  /** Takes the place of `{file}` in every argument. */
  file: string;
  /** Numbers; without them the command runs as Fairlead does. */
  uid?: number;
  gid?: number;
  environment?: Readonly<Record<string, string | undefined>>;
  /** Ends the command when it aborts. */
  signal?: AbortSignal;
}

export interface CommandResult {
  ok: boolean;
  /** What ended it: `exit status 1`, `signal SIGKILL`, `no end after 30s`. */
  outcome: string;
  /** Standard output and error as they came, the last 64 KiB. */
  output: string;
  tookMs: number;
}

export const OUTPUT_LIMIT = 64 * 1024;

/** A command as a person would type it. */
export function commandText(command: Command): string {
  return typeof command === 'string'
    ? command
    : command
        .map((part) => (/^[\w@%+=:,./{}-]+$/.test(part) ? part : `'${part.replaceAll("'", "'\\''")}'`))
        .join(' ');
}

/**
 * Runs a command in a process group of its own and waits for its end. Never rejects. After the time that it has, the
 * whole group is killed.
 */
export function runCommand(command: Command, options: CommandOptions): Promise<CommandResult> {
  const filled =
    typeof command === 'string'
      ? ['/bin/sh', '-c', command.replaceAll('{file}', shellQuoted(options.file))]
      : command.map((part) => part.replaceAll('{file}', options.file));
  const [program = '', ...args] = filled;
  const begun = performance.now();
  return new Promise((resolve) => {
    const output = new Tail(OUTPUT_LIMIT);
    const finish = (ok: boolean, outcome: string) => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', kill);
      resolve({ ok, outcome, output: output.text(), tookMs: Math.round(performance.now() - begun) });
    };
    const child = spawn(program, args, {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...options.environment },
      ...(options.uid !== undefined && { uid: options.uid }),
      ...(options.gid !== undefined && { gid: options.gid }),
    });
    let timedOut = false;
    const kill = () => {
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        child.kill('SIGKILL');
      }
    };
    const timer = setTimeout(() => {
      timedOut = true;
      kill();
    }, options.timeoutMs);
    options.signal?.addEventListener('abort', kill);
    child.stdout.on('data', (chunk: Buffer) => output.add(chunk));
    child.stderr.on('data', (chunk: Buffer) => output.add(chunk));
    child.on('error', (error) => finish(false, `cannot be run: ${error.message}`));
    // `exit`, not `close`: something that the command left running may hold its output open.
    child.on('exit', (code, signal) => {
      setImmediate(() => {
        child.stdout.destroy();
        child.stderr.destroy();
        if (timedOut) finish(false, `no end after ${options.timeoutMs / 1000}s, killed`);
        else finish(code === 0, code === null ? `signal ${String(signal)}` : `exit status ${code}`);
      });
    });
  });
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** The end of a stream. */
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
