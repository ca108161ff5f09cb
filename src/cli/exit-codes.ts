/** The meaning of exit codes; 64 and above are those of sysexits.h. */
export const EXIT = {
  ok: 0,
  negative: 1,
  usage: 2,
  data: 65,
  unavailable: 69,
  software: 70,
  permission: 77,
  config: 78,
} as const;

/** The table of docs/cli.md. */
export const EXIT_MEANINGS: readonly (readonly [code: number, meaning: string])[] = [
  [EXIT.ok, 'done'],
  [
    EXIT.negative,
    'the answer is negative: the name, service, task or record does not exist, or `doctor` found a failure',
  ],
  [EXIT.usage, 'the command line is wrong'],
  [EXIT.data, 'the answer of the daemon cannot be read'],
  [EXIT.unavailable, 'the daemon cannot be reached'],
  [EXIT.software, '`run` ended itself after several internal errors within a minute'],
  [EXIT.permission, 'no permission to use the daemon, or to change something there'],
  [EXIT.config, 'the configuration is wrong'],
  [130, 'interrupted (Ctrl-C)'],
];

/** Ends a command with one line on stderr and an exit code. */
export class CliError extends Error {
  readonly exitCode: number;

  /** @param message one line: what, why, what to do */
  constructor(exitCode: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CliError';
    this.exitCode = exitCode;
  }
}
