import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { adoptedText } from '../../src/adoption/resolv-conf.js';
import { load, startApi, stopApi, type Fixture } from '../api/fixture.js';
import { fairlead } from './run.js';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await startApi();
});
afterAll(() => stopApi(fixture));
beforeEach(() => {
  load(fixture);
  fixture.adoption.choices = [];
});

const ask = (line: string) => fairlead(line, { env: { FAIRLEAD_ADDR: `unix:${fixture.socket}` } });

describe('fairlead adopt', () => {
  it('lists which server each container asks, and why', async () => {
    expect((await ask('adopt')).stdout).toBe(
      [
        'CONTAINER   ID          STACK  ASKS    WHY',
        'shop_web_1  shop_web_1  shop   Docker  it was not selected',
        'shop_db_1   shop_db_1   shop   Docker  it was not selected',
        '',
      ].join('\n'),
    );
  });

  it('accepts a stack, or all', async () => {
    expect(await ask('adopt shop')).toMatchObject({ code: 0, stdout: '2 containers of shop ask Fairlead\n' });
    expect(await ask('adopt --all')).toMatchObject({ stdout: '2 containers of all stacks ask Fairlead\n' });
    expect(fixture.adoption.choices).toEqual([
      ['adopt', 'shop'],
      ['adopt', undefined],
    ]);
  });

  it('refuses both at once, and an unknown stack', async () => {
    expect(await ask('adopt shop --all')).toMatchObject({ code: 2 });
    const { code, stderr } = await ask('adopt shpo');
    expect(code).toBe(1);
    expect(stderr).toContain('stack shpo has no running container');
  });
});

describe('fairlead release', () => {
  it('hands a stack back, or all', async () => {
    expect(await ask('release shop')).toMatchObject({ code: 0, stdout: '2 containers of shop ask Docker\n' });
    expect(await ask('release')).toMatchObject({ stdout: '2 containers of all stacks ask Docker\n' });
    expect(fixture.adoption.choices).toEqual([
      ['release', 'shop'],
      ['release', undefined],
    ]);
  });

  it('edits the files directly if no daemon runs', async () => {
    const root = mkdtempSync(join(tmpdir(), 'fairlead-root-'));
    try {
      const file = join(root, 'containers', 'a', 'resolv.conf');
      mkdirSync(join(root, 'containers', 'a'), { recursive: true });
      writeFileSync(
        file,
        adoptedText('nameserver 127.0.0.11\n', { nameserver: '169.254.169.250', search: ['x'] }),
      );
      const away = { env: { FAIRLEAD_ADDR: `unix:${join(root, 'away.sock')}` } };
      const { code, stdout } = await fairlead(`release --root ${root}`, away);
      expect({ code, stdout }).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('1 container ') as string,
      });
      expect(readFileSync(file, 'utf8')).toBe('nameserver 127.0.0.11\n');
      const { code: nowhere, stderr } = await fairlead(`release --root ${root}/none`, away);
      expect(nowhere).toBe(69);
      expect(stderr).toContain('the socket does not exist');
    } finally {
      rmSync(root, { recursive: true });
    }
  });
});

it('fairlead run --adopt sets the key of the configuration', async () => {
  let given: readonly string[] = [];
  await fairlead('run --adopt all --set dns.ttl=5', {
    startDaemon: ({ set }) => {
      given = set;
      return Promise.resolve(0);
    },
  });
  expect(given).toEqual(['dns.ttl=5', 'sources.docker.adopt=all']);
});
