import { expect, it } from 'vitest';
import { parseConfigText } from '../../src/config/load.js';
import { keysForRestart, RESTART_KEYS } from '../../src/config/restart-keys.js';
import { allKeys } from '../../src/config/keys.js';

const config = (text: string) => {
  const parsed = parseConfigText(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  return parsed.config;
};

it('names only existing keys', () => {
  const known = allKeys().map(({ path }) => path);
  expect(RESTART_KEYS.filter((key) => !known.includes(key))).toEqual([]);
});

it.each([
  ['', 'log: { level: debug }', []],
  ['', 'log: { format: json }', ['log.format']],
  [
    'dns: { workers: 1 }',
    'dns: { workers: 2, native: off, realTime: off }',
    ['dns.native', 'dns.workers', 'dns.realTime'],
  ],
  ['vip: { workers: 1 }', 'vip: { workers: 2, native: off }', ['vip.native', 'vip.workers']],
  ['vip: false', 'vip: { workers: 1 }', []],
  ['vip: false', 'vip: { workers: 3 }', ['vip.workers']],
  ['', 'vip: { dataPlane: proxy }', []],
  ['', 'vip: { dataPlane: auto }', []],
  ['vip: { workers: 3 }', 'vip: false', []],
])('from "%s" to "%s" a restart is needed for %j', (before, after, keys) => {
  expect(keysForRestart(config(before), config(after))).toEqual(keys);
});
