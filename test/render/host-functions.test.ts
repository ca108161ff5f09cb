import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FileAnswers } from '../../src/render/file-answers.js';
import { TargetTemplate } from '../../src/render/render-template.js';
import { plainTarget, type Target } from '../../src/render/template-target.js';
import { HeldTimers } from '../support/held-timers.js';

const isRoot = process.getuid?.() === 0;

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'fairlead-host-functions-'));
  mkdirSync(join(dir, 'box/sub'), { recursive: true });
  mkdirSync(join(dir, 'box-beside'));
  for (const name of ['box/in', 'box/sub/deep', 'out', 'box-beside/near'])
    writeFileSync(join(dir, name), `text of ${name}`);
  symlinkSync(join(dir, 'out'), join(dir, 'box/link-out'));
  symlinkSync(join(dir, 'box/in'), join(dir, 'link-in'));
  symlinkSync(join(dir, 'box'), join(dir, 'link-box'));
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** The output, or what is wrong. `DIR` in the template is the directory of the test. */
function rendered(text: string, more: Partial<Target> = {}, allowed = true): string {
  const target = {
    ...plainTarget({ text: text.replaceAll('DIR', dir), name: 't' }, '/out', { min: 0, max: 0 }),
    ...more,
  };
  const settings = {
    host: {
      environment: { PATH: process.env['PATH'], SET: 'set', EMPTY: '' },
      allowPlugin: allowed,
      allowWriteToFile: allowed,
    },
    now: () => 0,
  };
  const files = new FileAnswers(new HeldTimers(), () => undefined);
  const result = new TargetTemplate(target, settings).run(files);
  files.stop();
  if (result.kind === 'output') return result.bytes.toString();
  return result.kind === 'error' ? result.message.replaceAll(dir, 'DIR') : 'incomplete';
}

const read = (name: string) => readFileSync(join(dir, name), 'utf8');

test.each([
  ['{{env "SET"}}{{env "EMPTY"}}{{env "NONE"}}{{env "toString"}}', 'set'],
  ['{{envOrDefault "SET" "d"}} {{envOrDefault "NONE" "d"}}', 'set d'],
  ['{{mustEnv "SET"}}', 'set'],
])('%s', (text, output) => expect(rendered(text)).toBe(output));

test('a variable that must be set', () => {
  expect(rendered('{{mustEnv "NONE"}}')).toContain(
    'error calling mustEnv: environment variable "NONE" is not set',
  );
});

describe('file', () => {
  test.each([
    ['box/in', 'text of box/in'],
    ['box/sub/deep', 'text of box/sub/deep'],
    ['link-in', 'text of box/in'],
    ['link-box/sub/../in', 'text of box/in'],
  ])('reads %s within the sandbox', (path, output) => {
    expect(rendered(`{{file "DIR/${path}"}}`, { sandbox: join(dir, 'box') })).toBe(output);
    expect(rendered(`{{file "DIR/${path}"}}`, { sandbox: join(dir, 'link-box') })).toBe(output);
  });

  test.each(['out', 'box/../out', 'box/link-out', 'box-beside/near'])('%s is outside', (path) => {
    expect(rendered(`{{file "DIR/${path}"}}`, { sandbox: join(dir, 'box') })).toContain(
      `error calling file: 'DIR/${path}' is outside of sandbox`,
    );
    expect(rendered(`{{file "DIR/${path}"}}`)).toMatch(/^text of /);
  });

  test('a file that is not there is reported', () => {
    expect(rendered('{{file "DIR/none"}}')).toContain('DIR/none: the file does not exist; check the path');
  });
});

test('functions that are denied fail; * stands for any characters', () => {
  const denied = { deniedFunctions: ['env', 'sprig_*'] };
  expect(rendered('{{env "SET"}}', denied)).toContain('error calling env: function is disabled');
  expect(rendered('{{sprig_trunc 1 "ab"}}', denied)).toContain(
    'error calling sprig_trunc: function is disabled',
  );
  expect(rendered('{{mustEnv "SET"}}', denied)).toBe('set');
});

test('a missing key is nothing, or an error, as the target says', () => {
  const text = '{{$m := parseJSON "{}"}}{{$m.none}}';
  expect(rendered(text)).toBe('<no value>');
  expect(rendered(text, { errorOnMissingKey: true })).toContain(
    't:1:29: executing "t" at <$m.none>: map has no entry for key "none"',
  );
});

describe('plugin', () => {
  test('gives what the program prints, without the space around it', () => {
    expect(rendered('{{plugin "printf" " %s-%s " "a b" "c"}}')).toBe('a b-c');
  });

  test('a program that fails, and one that does not exist', () => {
    expect(rendered('{{plugin "sh" "-c" "echo out; echo err >&2; exit 3"}}')).toContain(
      'exec "sh": exit status 3\n\nstdout:\n\nout\n\n\nstderr:\n\nerr\n',
    );
    expect(rendered('{{plugin "/no/such/program"}}')).toContain('exec "/no/such/program": ');
  });

  test('is off unless it is allowed', () => {
    expect(rendered('{{plugin "true"}}', {}, false)).toContain('plugin may be used when');
  });
});

describe('writeToFile', () => {
  test('writes the text with this mode, and makes directories', () => {
    expect(rendered('{{"text" | writeToFile "DIR/new/file" "" "" "0640"}}.')).toBe('.');
    expect(read('new/file')).toBe('text');
    expect(statSync(join(dir, 'new/file')).mode & 0o777).toBe(0o640);
  });

  test('appends, and ends with a newline, where the flags say so', () => {
    const text = '{{"b" | writeToFile "DIR/list" "" "" "0644" "append,newline"}}';
    writeFileSync(join(dir, 'list'), 'a\n');
    rendered(text);
    rendered(text);
    expect(read('list')).toBe('a\nb\nb\n');
  });

  test.skipIf(!isRoot)('the file gets this user and group', () => {
    rendered('{{"x" | writeToFile "DIR/owned" "nobody" "1234" "0600"}}');
    const { uid, gid } = statSync(join(dir, 'owned'));
    expect([uid, gid]).toEqual([65534, 1234]);
  });

  test.each([
    ['DIR/f', '', '"644x"', 'writeToFile: "644x" is not an octal mode such as 0644'],
    ['DIR/link-in', '', '"0644"', 'writeToFile: "DIR/link-in" is a symbolic link; give the file itself'],
    ['DIR/link-box/f', '', '"0644"', 'writeToFile: "DIR/link-box" is a symbolic link; give the file itself'],
    [
      'DIR/f',
      'no-such-user',
      '"0644"',
      'writeToFile: there is no user no-such-user on this host; create it, or name another user',
    ],
    ['DIR/out/f', '', '"0644"', 'writeToFile: '],
  ])('%s %s %s is refused, and nothing is written', (path, user, mode, message) => {
    const said = rendered(`{{"x" | writeToFile "${path}" "${user}" "" ${mode}}}`);
    expect(said).toContain(`error calling writeToFile: ${message}`);
    expect(existsSync(join(dir, 'f'))).toBe(false);
    expect(read('box/in')).toBe('text of box/in');
  });

  test('is off unless it is allowed', () => {
    expect(rendered('{{"x" | writeToFile "DIR/f" "" "" "0644"}}', {}, false)).toContain(
      'writeToFile may be used when',
    );
    expect(existsSync(join(dir, 'f'))).toBe(false);
  });
});
