/** Fields of a log line besides its message. JSON must be able to represent the values. */
export type LogFields = Readonly<Record<string, unknown>>;

type Write = (message: string, fields?: LogFields) => void;

/**
 * Where every part of the daemon writes what its operator should know. The daemon gives each part its own log, which
 * adds the part's name to each line (`component`). Messages therefore do not begin with the name.
 */
export interface Log {
  /** A decision that explains what the daemon does next. Written only at level `debug`. */
  readonly debug: Write;
  readonly info: Write;
  /** One line: what, why, what to do. */
  readonly warn: Write;
  readonly error: Write;
}

const nothing: Write = () => undefined;

/** Discards everything. */
export const silentLog: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
