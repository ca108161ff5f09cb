import { Writable } from 'node:stream';
import { pino, type Logger } from 'pino';
import type { Config } from '../config/model.js';

export type { Logger };

/**
 * The daemon's log, on standard error: JSON lines, or short text lines for people.
 * Standard output is left to what a command prints.
 */
export function createLog({ level, format }: Config['log']): Logger {
  const text = format === 'text' || (format === 'auto' && process.stderr.isTTY);
  const options = {
    level,
    base: null,
    messageKey: 'msg',
    timestamp: () => `,"ts":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return text ? pino(options, textStream()) : pino(options, pino.destination({ fd: 2, sync: true }));
}

function textStream(): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      process.stderr.write(`${textLine(chunk.toString())}\n`);
      done();
    },
  });
}

/** `12:00:01.123 WARN  docker: engine is away  error="connect ENOENT"` of a JSON line. */
export function textLine(json: string): string {
  const { level, ts, msg, component, ...fields } = JSON.parse(json) as Record<string, unknown>;
  const time = String(ts).slice(11, 23);
  const rest = Object.entries(fields).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  const who = typeof component === 'string' ? `${component}: ` : '';
  return [time, String(level).toUpperCase().padEnd(5), `${who}${String(msg)}`, ...rest].join(' ');
}
