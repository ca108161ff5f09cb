import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fairlead, type Ran, type RunOptions } from './run.js';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'fairlead-template-eval-'));
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

const write = (name: string, text: string) => writeFileSync(join(dir, name), text);

function evaluate(flags: readonly string[], options: RunOptions = {}): Promise<Ran> {
  return fairlead(['template', 'eval', ...flags], { cwd: dir, ...options });
}

const LIST = '{{range .servers}}server {{.ip}}:{{.port}};\n{{end}}';

test.each([
  ['data.json', '{"servers": [{"ip": "10.0.0.1", "port": "80"}, {"ip": "10.0.0.2", "port": "81"}]}'],
  ['data.yaml', "servers:\n  - { ip: 10.0.0.1, port: '80' }\n  - { ip: 10.0.0.2, port: '81' }\n"],
])('prints the output for the data of %s', async (name, data) => {
  write('t.ctmpl', LIST);
  write(name, data);
  expect(await evaluate(['t.ctmpl', '--data', name])).toEqual({
    code: 0,
    stdout: 'server 10.0.0.1:80;\nserver 10.0.0.2:81;\n',
    stderr: '',
  });
});

test('reads standard input, needs no data, and has the functions', async () => {
  const stdin = '{{env "WHO" | toUpper}} {{add 1 2}} {{sprig_trunc 2 "abc"}}';
  expect(await evaluate(['-'], { stdin, env: { WHO: 'me' } })).toEqual({
    code: 0,
    stdout: 'ME 3 ab',
    stderr: '',
  });
});

test('other delimiters', async () => {
  write('t.ctmpl', '<<1>> {{2}}');
  const flags = ['--left-delimiter', '<<', '--right-delimiter', '>>'];
  expect(await evaluate(['t.ctmpl', ...flags])).toMatchObject({ code: 0, stdout: '1 {{2}}' });
});

test('a missing key is nothing, or an error', async () => {
  write('t.ctmpl', 'x\n {{.none}}');
  write('d.json', '{}');
  expect(await evaluate(['t.ctmpl', '--data', 'd.json'])).toMatchObject({
    code: 0,
    stdout: 'x\n <no value>',
  });
  expect(await evaluate(['t.ctmpl', '--data', 'd.json', '--error-on-missing-key'])).toEqual({
    code: 1,
    stdout: '',
    stderr:
      'fairlead: t.ctmpl:2:4: executing "t.ctmpl" at <.none>: map has no entry for key "none"\n {{.none}}\n   ^\n',
  });
});

test.each([
  ['x {{nosuch 1}}', 't.ctmpl:1:5: function "nosuch" not defined\nx {{nosuch 1}}\n    ^'],
  ['{{if}}', 't.ctmpl:1:5: missing value for if\n{{if}}\n    ^'],
  ['{{plugin "id"}}', 't.ctmpl:1:3: executing "t.ctmpl" at <plugin "id">: error calling plugin: '],
])('a mistake in %j is shown with its place', async (text, message) => {
  write('t.ctmpl', text);
  const ran = await evaluate(['t.ctmpl']);
  expect(ran).toMatchObject({ code: 1, stdout: '' });
  expect(ran.stderr).toContain(`fairlead: ${message}`);
});

test('what only the catalog knows is said, unless it is to be quiet', async () => {
  write('t.ctmpl', '{{range service "web"}}{{.Address}}{{end}}.');
  expect(await evaluate(['t.ctmpl'])).toEqual({
    code: 0,
    stdout: '.',
    stderr:
      'fairlead: the catalog is not available here for health.service(web); "fairlead render -dry" asks it\n',
  });
  expect(await evaluate(['t.ctmpl', '-q'])).toEqual({ code: 0, stdout: '.', stderr: '' });
});

test.each([
  [['none.ctmpl'], 'none.ctmpl: the file does not exist; check the path'],
  [['t.ctmpl', '--data', 'none.json'], 'none.json: the file does not exist; check the path'],
  [['t.ctmpl', '--data', 'bad.json'], 'bad.json: '],
])('a file that cannot be read: %j', async (flags, message) => {
  write('t.ctmpl', 'x');
  write('bad.json', '{');
  const ran = await evaluate(flags);
  expect(ran).toMatchObject({ code: 2, stdout: '' });
  expect(ran.stderr).toContain(`fairlead: ${message}`);
});
