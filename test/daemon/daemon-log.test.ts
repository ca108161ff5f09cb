import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { logTo, textLine } from '../../src/daemon/daemon-log.js';

const parsed = (lines: readonly string[]) => lines.map((line) => JSON.parse(line) as Record<string, unknown>);

it('puts the name of the part beside the message, and its fields', () => {
  const lines: string[] = [];
  const log = logTo('info', { write: (line) => lines.push(line) });
  log.of('docker').warn('events were missed', { why: 'a gap' });
  log.info('stopped');
  log.of('docker').debug('not asked for');
  expect(parsed(lines)).toMatchObject([
    { level: 'warn', component: 'docker', msg: 'events were missed', why: 'a gap' },
    { level: 'info', msg: 'stopped' },
  ]);
});

it('changes the level of every part at once', () => {
  const lines: string[] = [];
  const log = logTo('warn', { write: (line) => lines.push(line) });
  const part = log.of('dns');
  part.info('one');
  log.setLevel('debug');
  part.debug('two');
  log.setLevel('error');
  part.warn('three');
  expect(parsed(lines)).toMatchObject([{ msg: 'two' }]);
});

it('is one short line for people, which names the part once', () => {
  const lines: string[] = [];
  logTo('info', { write: (line) => lines.push(line) })
    .of('docker')
    .info('connected', { engine: 'Engine 28.5' });
  expect(lines.map(textLine)).toEqual([
    expect.stringMatching(/^\d\d:\d\d:\d\d\.\d{3} INFO {2}docker: connected engine="Engine 28\.5"$/),
  ]);
});

it('no message begins with the name of a part, which the text form would repeat', () => {
  const root = new URL('../../src/', import.meta.url).pathname;
  const named =
    /log\.(?:debug|info|warn|error)\(\s*[`'"](?:docker|dns|api|health|forward|vip|file|query|virtual IPs): /;
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  expect(files.length).toBeGreaterThan(100);
  expect(files.filter((file) => named.test(readFileSync(`${root}${file}`, 'utf8')))).toEqual([]);
});
