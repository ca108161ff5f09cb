import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { releaseAll } from '../../src/adoption/release-all.js';
import { adoptedText } from '../../src/adoption/resolv-conf.js';

let root = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'fairlead-release-'));
});

afterEach(() => rmSync(root, { recursive: true }));

const write = (id: string, text: string) => {
  mkdirSync(join(root, 'containers', id), { recursive: true });
  writeFileSync(join(root, 'containers', id, 'resolv.conf'), text);
};

it('hands back adopted containers byte for byte, and leaves all others alone', () => {
  const original = 'nameserver 127.0.0.11\noptions ndots:0';
  write('a', adoptedText(original, { nameserver: '169.254.169.250', search: ['x'] }));
  write('b', 'nameserver 192.0.2.1\n');
  mkdirSync(join(root, 'containers', 'created'));
  expect(releaseAll(root)).toEqual({ released: 1, faults: [] });
  expect(readFileSync(join(root, 'containers', 'a', 'resolv.conf'), 'utf8')).toBe(original);
  expect(readFileSync(join(root, 'containers', 'b', 'resolv.conf'), 'utf8')).toBe('nameserver 192.0.2.1\n');
  expect(releaseAll(root)).toEqual({ released: 0, faults: [] });
});
