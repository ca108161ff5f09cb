import { runCli } from '../../src/cli/cli.js';
import type { StartDaemon } from '../../src/cli/context.js';
import type { Io } from '../../src/cli/io.js';
import { NOW } from '../api/fixture.js';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Columns of a terminal; without it stdout is none. */
  readonly terminal?: number;
  readonly stdin?: string;
  readonly cwd?: string;
  readonly startDaemon?: StartDaemon;
  readonly onStderr?: (text: string) => void;
  readonly onStdout?: (text: string) => void;
}

/** Runs a command line in this process; words are split at spaces. */
export async function fairlead(line: string | readonly string[], options: RunOptions = {}): Promise<Ran> {
  const written = { stdout: '', stderr: '' };
  const terminal =
    options.terminal === undefined ? { isTTY: false } : { isTTY: true, columns: options.terminal };
  const io: Io = {
    stdout: {
      ...terminal,
      write: (text) => {
        written.stdout += text;
        options.onStdout?.(text);
      },
    },
    stderr: {
      isTTY: false,
      write: (text) => {
        written.stderr += text;
        options.onStderr?.(text);
      },
    },
    env: options.env ?? {},
    cwd: options.cwd ?? '/nonexistent',
    clock: () => NOW,
    readStdin: () => Promise.resolve(options.stdin ?? ''),
  };
  const code = await runCli({
    argv: typeof line === 'string' ? line.split(' ').filter(Boolean) : line,
    io,
    startDaemon: options.startDaemon ?? (() => Promise.resolve(0)),
  });
  return { code, ...written };
}
