import { CliError, EXIT } from './exit-codes.js';
import { plain } from './format/text.js';
import type { Io } from './io.js';

/** Prints in one line what ended a command. For a fault of Fairlead it also says where. @returns the exit code */
export function reportFailure(error: unknown, io: Io): number {
  if (error instanceof CliError) {
    io.stderr.write(`fairlead: ${plain(error.message)}\n`);
    return error.exitCode;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  io.stderr.write(`fairlead: this is a bug in Fairlead, please report it: ${text}\n`);
  return EXIT.negative;
}
