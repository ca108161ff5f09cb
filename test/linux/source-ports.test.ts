import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readSourcePorts } from '../../src/linux/source-ports.js';

it.each([
  ['32768\t60999\n', '2\n', { first: 32_768, last: 60_999, reuse: 'loopback' }],
  ['1024\t65535\n', '1\n', { first: 1024, last: 65_535, reuse: 'always' }],
  ['32768\t60999\n', '0\n', { first: 32_768, last: 60_999, reuse: 'never' }],
])('%j and %j', (range, reuse, expected) => {
  const root = mkdtempSync(join(tmpdir(), 'fairlead-ports-'));
  writeFileSync(join(root, 'ip_local_port_range'), range);
  writeFileSync(join(root, 'tcp_tw_reuse'), reuse);
  expect(readSourcePorts(root)).toEqual(expected);
  rmSync(root, { recursive: true });
  expect(readSourcePorts(root)).toBeUndefined();
});
