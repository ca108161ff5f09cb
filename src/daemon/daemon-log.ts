import { Writable } from 'node:stream';
import { pino, type Logger } from 'pino';
import type { Config } from '../config/config-model.js';
import type { Log } from '../net/log.js';

/** The log of the whole daemon. */
export interface DaemonLog extends Log {
  /** The log of one part; each of its lines carries the part's name. */
  of(component: string): Log;
  /** The lowest level that is written. */
  setLevel(level: Config['log']['level']): void;
}

/**
 * The daemon's log, on standard error: JSON lines, or short text lines for people. Standard output is for the output of
 * commands.
 */
export function createLog({ level, format }: Config['log']): DaemonLog {
  const text = format === 'text' || (format === 'auto' && process.stderr.isTTY);
  return logTo(level, text ? textStream() : pino.destination({ fd: 2, sync: true }));
}

/** A log that writes each line to `stream` as a JSON object and a line end. */
export function logTo(level: Config['log']['level'], stream: { write(line: string): unknown }): DaemonLog {
  const root = pino(
    {
      level,
      base: null,
      messageKey: 'msg',
      timestamp: () => `,"ts":"${new Date().toISOString()}"`,
      formatters: { level: (label: string) => ({ level: label }) },
    },
    { write: (line: string) => void stream.write(line) },
  );
  const parts = new Map<string, Logger>();
  return {
    ...writerOf(root),
    of: (component) => {
      const part = parts.get(component) ?? root.child({ component });
      parts.set(component, part);
      return writerOf(part);
    },
    setLevel: (wanted) => {
      // A pino child keeps the level with which it was created.
      for (const each of [root, ...parts.values()]) each.level = wanted;
    },
  };
}

function writerOf(logger: Logger): Log {
  return {
    debug: (message, fields = {}) => logger.debug(fields, message),
    info: (message, fields = {}) => logger.info(fields, message),
    warn: (message, fields = {}) => logger.warn(fields, message),
    error: (message, fields = {}) => logger.error(fields, message),
  };
}

function textStream(): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      process.stderr.write(`${textLine(chunk.toString())}\n`);
      done();
    },
  });
}

/** `12:00:01.123 WARN  docker: engine is away  error="connect ENOENT"` from a JSON line. */
export function textLine(json: string): string {
  const { level, ts, msg, component, ...fields } = JSON.parse(json) as Record<string, unknown>;
  const time = String(ts).slice(11, 23);
  const rest = Object.entries(fields).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  const part = typeof component === 'string' ? `${component}: ` : '';
  return [time, String(level).toUpperCase().padEnd(5), `${part}${String(msg)}`, ...rest].join(' ');
}
