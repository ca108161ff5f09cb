/** What a line of the log says besides its message; values that JSON can hold. */
export type LogFields = Readonly<Record<string, unknown>>;

type Write = (message: string, fields?: LogFields) => void;

/**
 * Where every part of the daemon writes what its operator should know. The daemon gives each part a log of its own,
 * which puts the part's name beside each line (`component`): a message does not begin with it.
 */
export interface Log {
  /** A decision that explains what the daemon does next; only written when asked for. */
  readonly debug: Write;
  readonly info: Write;
  /** One line: what, why, what to do. */
  readonly warn: Write;
  readonly error: Write;
}

const nothing: Write = () => undefined;

/** Takes everything and writes nothing. */
export const silentLog: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
