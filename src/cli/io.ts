/** A place to write text to. */
export interface Output {
  write(text: string): void;
  readonly isTTY: boolean;
  /** The width in columns, if it is a terminal. */
  readonly columns?: number;
  /** The height in lines, if it is a terminal. */
  readonly rows?: number;
}

/** All that a command uses of its process, so that tests can replace it. */
export interface Io {
  /** For data. */
  readonly stdout: Output;
  /** For notices and errors. */
  readonly stderr: Output;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Reads standard input to its end. */
  readonly readStdin: () => Promise<string>;
}

/** The real process. If the reader of its output goes away (`fairlead tasks | head -1`), the process ends silently. */
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
      // Undefined if it is not a terminal, despite its type.
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
