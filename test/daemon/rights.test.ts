import { describe, expect, it } from 'vitest';
import { parseConfigText } from '../../src/config/load.js';
import { rightsFor } from '../../src/daemon/rights.js';
import { bitsOf } from '../../src/linux/capabilities.js';

/** A host's root. */
const ALL = (1n << 41n) - 1n;
const ALWAYS = ['DAC_OVERRIDE', 'NET_ADMIN', 'NET_BIND_SERVICE', 'SYS_NICE'];

function rights(text: string, permitted = ALL): string[] {
  const parsed = parseConfigText(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  return [...new Set(rightsFor(parsed.config, permitted))].sort();
}

describe('the rights that a daemon keeps', () => {
  it.each([
    ['a services file', 'sources: { file: { path: /s.yaml } }', ALWAYS],
    ['an engine', '', [...ALWAYS, 'SYS_ADMIN', 'SYS_PTRACE'].sort()],
    [
      'templates',
      'sources: {}\nrender: { templates: [{ source: /a, destination: /b }] }',
      [...ALWAYS, 'CHOWN', 'FOWNER', 'KILL', 'SETGID', 'SETUID'].sort(),
    ],
    [
      'a program that is run',
      'sources: {}\nrender: { exec: { command: nginx } }',
      [...ALWAYS, 'CHOWN', 'FOWNER', 'KILL', 'SETGID', 'SETUID'].sort(),
    ],
  ])('with %s', (_, text, expected) => {
    expect(rights(text)).toEqual(expected);
  });

  it('are those of other containers, too, in a container that may not trace them', () => {
    const kept = rights('', ALL & ~bitsOf(['SYS_PTRACE']));
    expect(kept).toEqual(expect.arrayContaining(['SYS_ADMIN', 'NET_RAW', 'MKNOD', 'SETFCAP', 'AUDIT_WRITE']));
    expect(kept).not.toContain('SYS_MODULE');
  });
});
