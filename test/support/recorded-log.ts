import type { Log } from '../../src/net/log.js';

/** A log that keeps what it is given, `message` or `message {"field":1}`, whatever its level. */
export function recordedLog(lines: string[] = []): Log & { readonly lines: string[] } {
  const write: Log['warn'] = (message, fields) => {
    lines.push(fields === undefined ? message : `${message} ${JSON.stringify(fields)}`);
  };
  return { debug: write, info: write, warn: write, error: write, lines };
}
