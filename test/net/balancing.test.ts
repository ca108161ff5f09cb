import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  allBalancingSettings,
  balancingSettings,
  readBalancing,
  SCHEDULERS,
} from '../../src/net/balancing.js';

it.each(SCHEDULERS)('supports the documented scheduler %s', (name) => {
  expect(readFileSync('docs/balancing.md', 'utf8')).toContain(`| \`${name}\` |`);
});

it('has each setting once, under the name of its field', () => {
  for (const [field, setting] of Object.entries(balancingSettings)) {
    expect(setting.field).toBe(field);
    expect(setting.name).toBe(field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
  }
  expect(allBalancingSettings.length).toBe(Object.keys(balancingSettings).length);
});

describe('a text', () => {
  it.each([
    ['scheduler', 'WLC', 'wlc'],
    ['affinity', '0', 0],
    ['affinity', '10m', 600],
    ['affinity', '1500ms', 2],
    ['affinity', '24h', 86_400],
    ['max_connections', '0', 0],
    ['service_max_connections', '1000000', 1_000_000],
    ['proxy_protocol', 'none', 'none'],
    ['accept_proxy', 'Yes', true],
    ['accept_proxy', '0', false],
    ['idle_timeout', '1m30s', 90_000],
    ['idle_timeout', '7d', 604_800_000],
    ['drain_timeout', '30s', 30_000],
    ['slow_start', ' 1h ', 3_600_000],
    ['udp_replies', '1', 1],
    ['ops', 'true', true],
    ['panic_threshold', '0.3', 0.3],
    ['panic_threshold', '30%', 0.3],
    ['panic_threshold', '100 %', 1],
    ['min_healthy', '2', 2],
  ])('of %s=%s is read', (name, text, expected) => {
    const refused: string[] = [];
    const read = readBalancing(
      (asked) => (asked === name ? text : undefined),
      (setting) => refused.push(setting.name),
    );
    expect([Object.values(read), refused]).toEqual([[expected], []]);
  });

  it.each([
    ['scheduler', 'wrong'],
    ['scheduler', ''],
    ['affinity', '-1'],
    ['affinity', '25h'],
    ['affinity', '1w'],
    ['max_connections', '1000001'],
    ['max_connections', '1e3'],
    ['max_per_client', '1.5'],
    ['proxy_protocol', 'v3'],
    ['accept_proxy', 'maybe'],
    ['on_down', 'close'],
    ['idle_timeout', '8d'],
    ['drain_timeout', '86400001'],
    ['udp_replies', '65536'],
    ['slow_start', '61m'],
    ['panic_threshold', '1.01'],
    ['panic_threshold', '101%'],
    ['panic_threshold', '.5'],
    ['min_healthy', 'all'],
  ])('of %s=%j is refused without a value', (name, text) => {
    const refused: string[] = [];
    const read = readBalancing(
      (asked) => (asked === name ? text : undefined),
      (setting, given) => refused.push(`${setting.name}=${given}`),
    );
    expect([read, refused]).toEqual([{}, [`${name}=${text}`]]);
  });
});
