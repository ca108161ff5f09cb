import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { CA, FakeTls, makeToken, startGuarded, type Guarded } from '../api/access/access-fixture.js';
import { NOW, stopApi } from '../api/fixture.js';
import { fairlead } from './run.js';

let guarded: Guarded;
let directory: string;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'fairlead-token-'));
  writeFileSync(join(directory, 'ca.pem'), CA);
  guarded = await startGuarded({ tls: new FakeTls() });
});
afterEach(async () => {
  await stopApi(guarded.fixture);
  rmSync(directory, { recursive: true });
});

const run = (line: string) =>
  fairlead(line, {
    env: { FAIRLEAD_ADDR: `unix:${guarded.fixture.socket}`, FAIRLEAD_TOKEN: 'for another daemon' },
  });

it('makes, lists and revokes tokens; the token alone goes to stdout', async () => {
  const made = await run('token create ci --role operator --stack shop --stack web --for 90d');
  expect(made).toEqual({
    code: 0,
    stdout: expect.stringMatching(/^fl_[a-z0-9]{8}_[\w-]{43}\n$/) as string,
    stderr: 'token ci (operator): keep it now, it is not shown again\n',
  });
  expect((await run('token create alice -q')).stderr).toBe('');
  expect((await run('token create alice')).stderr).toMatch(/there is a token alice already/);
  guarded.fixture.clock.now = NOW + 3 * 86_400_000;
  const { stdout } = await run('token list');
  expect(stdout.replace(/ +/g, ' ').replace(/[a-z0-9]{8}\n/g, 'ID\n')).toBe(
    'NAME ROLE ENVIRONMENTS STACKS AGE LEFT USED ID\nci operator all shop,web 3d 87d - ID\nalice viewer all all 3d - - ID\n',
  );
  expect(await run('token revoke ci')).toMatchObject({ code: 0, stdout: 'token ci is revoked\n' });
  expect(await run('token revoke ci')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/no token has the id or name "ci"/) as string,
  });
});

it('shows a token to a daemon over TLS', async () => {
  const token = await makeToken(guarded.fixture.socket, 'alice', 'viewer');
  const addr = `https://127.0.0.1:${guarded.way.port}`;
  const ca = join(directory, 'ca.pem');
  const ask = (line: string, env: NodeJS.ProcessEnv) =>
    fairlead(line, { env: { FAIRLEAD_ADDR: addr, ...env } });
  expect(await ask('tasks -o name', { FAIRLEAD_CA: ca, FAIRLEAD_TOKEN: token })).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/shop_web_1/) as string,
  });
  expect(await ask(`tasks -q --ca ${ca} --token ${token}`, {})).toMatchObject({ code: 0 });
  expect(await ask('tasks', { FAIRLEAD_CA: ca })).toMatchObject({
    code: 77,
    stderr: `fairlead: ${addr} needs a token; give --token, or set FAIRLEAD_TOKEN\n`,
  });
  expect(await ask('tasks', { FAIRLEAD_CA: ca, FAIRLEAD_TOKEN: 'wrong' })).toMatchObject({
    code: 77,
    stderr: expect.stringMatching(/the token is wrong/) as string,
  });
  expect(await ask('tasks', { FAIRLEAD_TOKEN: token })).toMatchObject({
    code: 69,
    stderr: expect.stringMatching(/give --ca with one that does/) as string,
  });
  expect(await ask('drain shop_web_1', { FAIRLEAD_CA: ca, FAIRLEAD_TOKEN: token })).toMatchObject({
    code: 77,
    stderr: expect.stringMatching(/a viewer only reads/) as string,
  });
  expect(await ask('token list', { FAIRLEAD_CA: ca, FAIRLEAD_TOKEN: token })).toMatchObject({
    code: 77,
    stderr: expect.stringMatching(/tokens are managed only over the unix socket/) as string,
  });
});

it('never sends a token in the clear beyond loopback, and says when certificates cannot be read', async () => {
  expect(await fairlead('--addr http://192.0.2.1:80 --token x tasks')).toMatchObject({
    code: 2,
    stderr: 'fairlead: the token would be sent to http://192.0.2.1:80 in the clear; give https://\n',
  });
  expect(await fairlead('--addr https://192.0.2.1 --ca /nonexistent tasks')).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/--ca: \/nonexistent: .*ENOENT/) as string,
  });
});
