import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { TlsFiles } from '../../src/daemon/tls-files.js';
import { recordedLog } from '../support/recorded-log.js';

let directory: string;
let files: TlsFiles | undefined;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'fairlead-tls-'));
});
afterEach(() => {
  files?.close();
  files = undefined;
  rmSync(directory, { recursive: true });
});

const fixture = (name: string): string => `${import.meta.dirname}/../dns/forward/fixtures/${name}`;

function paths(certificate = 'address.pem') {
  const at = { certificate: join(directory, 'tls.crt'), key: join(directory, 'tls.key') };
  copyFileSync(fixture(certificate), at.certificate);
  copyFileSync(fixture('server.key'), at.key);
  return at;
}

it('reads the files again when they change, and tells those who use them', async () => {
  const at = paths();
  const log = recordedLog();
  files = new TlsFiles(at, log);
  const seen: string[] = [];
  files.onChange(() => seen.push(files?.current().cert ?? ''));
  copyFileSync(fixture('name.pem'), at.certificate);
  await expect.poll(() => seen, { timeout: 10_000 }).toEqual([readFileSync(fixture('name.pem'), 'utf8')]);
  expect(log.lines.join('\n')).toMatch(/the API has a new certificate \{"validTo":".*2120/);
});

it('keeps the certificate that it has when the new one cannot be used, and says so once', () => {
  const at = paths();
  const log = recordedLog();
  files = new TlsFiles(at, log);
  const before = files.current();
  writeFileSync(at.certificate, 'half of a certif');
  files.look();
  files.look();
  expect(files.current()).toEqual(before);
  expect(log.lines).toEqual([
    expect.stringMatching(
      /^api\.tls\.certificate: .*tls\.crt: holds no PEM that can be read .*; the API keeps/,
    ),
  ]);
  copyFileSync(fixture('name.pem'), at.certificate);
  files.look();
  expect(files.current()).not.toEqual(before);
});

it.each([
  ['certificate', undefined, /^api\.tls\.certificate: .*tls\.crt: the file does not exist/],
  ['key', undefined, /^api\.tls\.key: .*tls\.key: the file does not exist/],
  ['certificate', 'junk', /^api\.tls\.certificate: .*: holds no PEM/],
  ['key', 'junk', /^api\.tls\.key: .*: holds no PEM/],
  ['certificate', 'ca.pem', /^api\.tls\.key: .*: is not the key of the certificate in /],
] as const)('refuses to start with a %s that is %j', (which, content, fault) => {
  const at = paths();
  if (content === undefined) rmSync(at[which]);
  else if (content.endsWith('.pem')) copyFileSync(fixture(content), at[which]);
  else writeFileSync(at[which], content);
  expect(() => new TlsFiles(at, recordedLog())).toThrow(fault);
});
