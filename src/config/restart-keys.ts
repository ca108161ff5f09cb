import { isDeepStrictEqual } from 'node:util';
import type { Config } from './config-model.js';

/** The keys that a reload cannot change: threads and the log format are fixed when the daemon starts. */
export const RESTART_KEYS = [
  'log.format',
  'dns.native',
  'dns.workers',
  'dns.realTime',
  'vip.native',
  'vip.workers',
] as const;

/** The defaults if virtual IPs were off when the daemon started. */
const WHEN_OFF: Readonly<Record<string, unknown>> = {
  'vip.native': 'auto',
  'vip.workers': 1,
};

/**
 * The keys whose value differs from the configuration that the daemon started with.
 * @returns `dns.workers`, ...; a section that is switched off needs no restart
 */
export function keysForRestart(started: Config, next: Config): readonly string[] {
  return RESTART_KEYS.filter((key) => {
    const wanted = valueOf(next, key);
    return wanted !== undefined && !isDeepStrictEqual(valueOf(started, key) ?? WHEN_OFF[key], wanted);
  });
}

function valueOf(config: Config, key: string): unknown {
  let value: unknown = config;
  for (const name of key.split('.')) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[name];
  }
  return value;
}
