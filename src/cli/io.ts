/** Where text goes. */
export interface Output {
  write(text: string): void;
  readonly isTTY: boolean;
  /** Width of the terminal, when it is one. */
  readonly columns?: number;
  /** Its height. */
  readonly rows?: number;
}

/** All that a command has of its process, so that it runs just as well in a test. */
export interface Io {
  /** Data. */
  readonly stdout: Output;
  /** Notices, and errors. */
  readonly stderr: Output;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** The text of standard input, to its end. */
  readonly readStdin: () => Promise<string>;
}

/** The real thing. A reader that went away (`fairlead tasks | head -1`) ends the process silently. */
export function processIo(): Io {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      process.exit(error.code === 'EPIPE' ? 0 : 1);
    });
  }
  return {
    stdout: output(process.stdout),
    stderr: output(process.stderr),
    env: process.env,
    cwd: process.cwd(),
    clock: Date.now,
    readStdin: async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of process.stdin as AsyncIterable<Buffer>) chunks.push(chunk);
      return Buffer.concat(chunks).toString('utf8');
    },
  };
}

function output(stream: NodeJS.WriteStream): Output {
  return {
    write: (text) => void stream.write(text),
    get isTTY() {
      // Undefined, whatever its type says, where it is not a terminal.
      return (stream.isTTY as boolean | undefined) ?? false;
    },
    get columns() {
      return stream.columns;
    },
    get rows() {
      return stream.rows;
    },
  };
}
