import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  CHECKS,
  CONTAINER_ID,
  load,
  NOW,
  startApi,
  stopApi,
  task,
  UNHEALTHY_ID,
  type Fixture,
} from '../api/fixture.js';
import { fairlead, type RunOptions } from './run.js';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await startApi();
});
afterAll(() => stopApi(fixture));
beforeEach(() => {
  load(fixture);
  fixture.health.checks = CHECKS;
  fixture.health.marks.clear();
  fixture.health.asked.length = 0;
});

const ask = (line: string | readonly string[], options: RunOptions = {}) =>
  fairlead(line, { ...options, env: { FAIRLEAD_ADDR: `unix:${fixture.socket}`, ...options.env } });
const fails = (code: number, stderr: string) => ({ code, stdout: '', stderr: `fairlead: ${stderr}\n` });

describe('health', () => {
  it('shows each check, its last result, and when the next probe is', async () => {
    expect(await ask('health')).toEqual({
      code: 0,
      stderr: '',
      stdout: [
        'SERVICE   TASK        STATE                SINCE  CHECK                                  LAST RESULT                        NEXT',
        'web.shop  shop_web_1  healthy                 1h  tcp 10.42.0.11:80 every 2s             fail 2/3: ECONNREFUSED, 1s ago  in 0.8s',
        'web.shop  shop_web_2  unhealthy, held 20s  3m12s  http 10.42.0.12:80/healthz every 1.5s  pass 1/2: HTTP 200, 1s ago        in 1s',
        '-         Batch_1     initializing            5s  ttl 10 s                               none yet                          in 5s',
        '',
      ].join('\n'),
    });
    expect((await ask('health -o wide --health unhealthy')).stdout).toMatch(
      /RISE +FALL +ID +FROM +REASON\n.* 2 +3 +4f1c99999999 +rancher-compose\.yml:7:5 +port 80 refused\n$/,
    );
  });

  it.each([
    ['web', ['shop_web_1', 'shop_web_2']],
    ['shop/web', ['shop_web_1', 'shop_web_2']],
    ['web.shop --health healthy', ['shop_web_1']],
    ['shop_web_2', ['shop_web_2']],
    ['4f1c2', ['shop_web_1']],
    ['--stack default', ['Batch_1']],
  ])('%s shows %j', async (words, names) => {
    expect((await ask(`health ${words} -o name`)).stdout.trim().split('\n')).toEqual(names);
  });

  it('is JSON for scripts, and says on stderr that there is nothing', async () => {
    expect(JSON.parse((await ask('health web -o json')).stdout)).toMatchObject([
      { id: CONTAINER_ID, health: 'healthy', failures: 2, last: { ok: false } },
      { id: UNHEALTHY_ID },
    ]);
    expect(await ask('health --stack none')).toMatchObject({
      code: 0,
      stdout: '',
      stderr: expect.stringContaining('no task here has a check') as string,
    });
  });

  it('explains a name that matches no task, or several', async () => {
    expect(await ask('health nope')).toEqual(
      fails(1, 'no service or task is called "nope"; "fairlead services" and "fairlead tasks" list them'),
    );
    expect((await ask('health 4f1c')).stderr).toContain(
      'shop_web_1 (4f1c2b3a5d6e), shop_web_2 (4f1c99999999)',
    );
  });
});

it('health --watch continues until it is interrupted', async () => {
  const ran = ask('health web --watch -o json', {
    onStderr: (text) => {
      if (!text.includes('watching 2 checked tasks')) return;
      fixture.health.checks = CHECKS.filter(({ task }) => task !== UNHEALTHY_ID);
    },
    // It has no end of its own; a fault ends it.
    onStdout: () => {
      throw new Error('enough');
    },
  });
  const { code, stdout } = await ran;
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({ name: 'shop_web_2', before: 'unhealthy' });
});

it('health --watch shows every fall and every rise', async () => {
  const others = CHECKS.filter(({ task }) => task !== UNHEALTHY_ID);
  let turn = 0;
  const event = () => fixture.sink.update({ tasks: [task('abc', `web_${turn++}`, '10.42.0.81')] });
  let lines = 0;
  const { stdout } = await ask('health web --watch', {
    onStderr: (text) => {
      if (text.includes('watching')) fixture.health.checks = others;
    },
    onStdout: () => {
      lines += 1;
      if (lines === 4) throw new Error('enough');
      fixture.health.checks = lines % 2 === 0 ? others : CHECKS;
      event();
    },
  });
  expect(stdout.match(/(unhealthy|not checked) -> (unhealthy|not checked)/g)).toEqual([
    'unhealthy -> not checked',
    'not checked -> unhealthy',
    'unhealthy -> not checked',
    'not checked -> unhealthy',
  ]);
});

describe('drain', () => {
  const solo = { environment: 'default', stack: 'default', service: 'solo' };
  const soloTask = (id: string, name: string) =>
    task(id.padEnd(64, '0'), name, '10.42.0.77', { stack: 'default', service: solo });

  it('finds the container that "docker run --name solo" started, whose service has the same name', async () => {
    fixture.sink.update({ tasks: [soloTask('5010', 'solo')] });
    expect(await ask('drain solo')).toMatchObject({
      code: 0,
      stdout: 'draining task solo (501000000000) until "fairlead undrain" ends it\n',
    });
    expect(await ask('undrain solo')).toMatchObject({ code: 0 });
    // With a second task the name may mean either.
    fixture.sink.update({ tasks: [soloTask('5010', 'solo'), soloTask('5011', 'solo_2')] });
    expect(await ask('drain solo')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(
        '"solo" can mean service solo.default, task solo (501000000000)',
      ) as string,
    });
  });

  it.each([
    ['web', 'no other task can serve web.shop until then\n'],
    ['shop_web_1', ''],
    ['shop_db_1', 'no other task can serve db.shop until then\n'],
    ['Batch_1', ''],
  ])('%s: says when no task is left: %j', async (name, stderr) => {
    const service = { environment: 'default', stack: 'shop', service: 'db' };
    const stopped = task('78', 'shop_db_2', '10.42.0.84', { service, health: 'stopped' });
    fixture.sink.update({ tasks: [task('77', 'shop_db_1', '10.42.0.82', { service }), stopped] });
    expect(await ask(['drain', name])).toMatchObject({ code: 0, stderr });
    expect((await ask(['drain', name, '-q'])).stderr).toBe('');
  });

  it('drains a task or a service, lists both, and undrain takes them back', async () => {
    expect(await ask(['drain', 'shop_web_1', '--for', '1m30s', '--note', 'new disk'])).toEqual({
      code: 0,
      stderr: '',
      stdout: 'draining task shop_web_1 (4f1c2b3a5d6e) until 2026-11-21T00:01:30.000Z\n',
    });
    expect((await ask('drain web')).stdout).toBe(
      'draining service web.shop until "fairlead undrain" ends it\n',
    );
    expect(fixture.health.asked.filter(([what]) => what !== 'saved')).toEqual([
      ['drain', { task: CONTAINER_ID }, { until: NOW + 90_000, note: 'new disk' }],
      ['drain', { service: 'default/shop/web' }, {}],
    ]);
    expect((await ask('drain')).stdout).toBe(
      [
        'KIND     NAME        ID            SINCE   LEFT  NOTE',
        'task     shop_web_1  4f1c2b3a5d6e     0s  1m30s  new disk',
        'service  web.shop    -                0s      -  -',
        '',
      ].join('\n'),
    );
    expect((await ask('status')).stdout).toContain('drains     2 active; "fairlead drain" lists them\n');
    expect((await ask('undrain 4f1c2')).stdout).toBe('task shop_web_1 (4f1c2b3a5d6e) is no longer drained\n');
    expect((await ask('undrain web.shop.rancher.internal')).stdout).toBe(
      'service web.shop is no longer drained\n',
    );
    expect(await ask('drain')).toEqual({ code: 0, stdout: '', stderr: 'nothing is drained\n' });
  });

  it('speaks JSON, and is silent when it is asked to be', async () => {
    expect(JSON.parse((await ask('drain web -o json')).stdout)).toMatchObject({ name: 'web.shop' });
    expect(JSON.parse((await ask('drain -o json')).stdout)).toMatchObject([{ service: { service: 'web' } }]);
    expect(JSON.parse((await ask('undrain web -o json')).stdout)).toMatchObject({ name: 'web.shop' });
    expect(await ask('drain shop_web_1 -q')).toEqual({ code: 0, stdout: '', stderr: '' });
    expect((await ask('drain -q')).stdout).toBe(`${CONTAINER_ID}\n`);
    expect(await ask('undrain shop_web_1 -q')).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it.each([
    ['drain nope', 1, 'no service or task is called "nope"'],
    ['drain crm.shop', 1, 'crm.shop is external and has no tasks to drain'],
    ['drain web --for 30', 2, '"for" is "30"; it must be a duration from 1s to 365d'],
    ['drain --for 30s', 2, '--for needs a target to drain'],
    ['undrain web', 1, 'web.shop is not drained; "fairlead drain" lists the drains'],
    ['undrain', 2, 'missing required argument'],
  ])('%s ends with %i: %s', async (line, code, message) => {
    expect(await ask(line)).toMatchObject({
      code,
      stdout: '',
      stderr: expect.stringContaining(message) as string,
    });
  });

  it('asks which one is meant if a task has the name of a service, and accepts either', async () => {
    fixture.sink.update({ tasks: [task('abc', 'web', '10.42.0.81')] });
    expect(await ask('drain web')).toEqual(
      fails(1, '"web" can mean service web.shop, task web (abc); give service.stack, or the id of a task'),
    );
    expect((await ask('drain abc')).stdout).toContain('draining task web (abc)');
    // Only one of them is drained, so there is no question.
    expect((await ask('undrain web')).stdout).toBe('task web (abc) is no longer drained\n');
    expect((await ask('drain shop/web')).stdout).toContain('draining service web.shop');
    await ask('drain abc');
    expect((await ask('undrain web')).stderr).toMatch(/"web" can mean (task|service) .*; give service/);
  });

  it('prefers a service to tasks whose ids begin with its name', async () => {
    const service = { environment: 'default', stack: 'shop', service: 'db' };
    fixture.sink.update({
      tasks: [task('77', 'shop_db_1', '10.42.0.82', { service }), task('db01', 'x_1', '10.42.0.83')],
    });
    expect((await ask('drain db')).stdout).toContain('draining service db.shop');
    fixture.sink.update({ tasks: [task('db02', 'x_2', '10.42.0.84')] });
    expect((await ask('drain db')).stdout).toContain('draining service db.shop');
  });

  it('lists the stacks that have a service of this name', async () => {
    const service = { environment: 'default', stack: 'blog', service: 'web' };
    fixture.sink.update({ tasks: [task('blog', 'blog_web_1', '10.42.0.77', { service })] });
    expect(await ask('drain web')).toEqual(
      fails(1, '"web" can mean service web.blog, service web.shop; give service.stack, or the id of a task'),
    );
    expect((await ask('drain web.blog')).code).toBe(0);
    expect((await ask('health web --stack shop -q')).stdout).toContain(CONTAINER_ID);
  });

  it('can be undone for a removed task', async () => {
    await ask('drain shop_web_1');
    fixture.sink.update({ removedTasks: [CONTAINER_ID] });
    expect((await ask('undrain 4f1c2b3a5d6e')).stdout).toBe(`task ${CONTAINER_ID} is no longer drained\n`);
  });
});

describe('beat', () => {
  const ID = '77aa00000000'.padEnd(64, '0');

  it('says that a task is well, or not', async () => {
    expect((await ask('beat Batch_1')).stdout).toBe('Batch_1 says that it is well\n');
    expect((await ask(['beat', '77aa', '--fail', '--note', 'queue is full'])).stdout).toBe(
      'Batch_1 says that it is not well\n',
    );
    expect(await ask('beat Batch_1 -q')).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(fixture.health.asked).toEqual([
      ['beat', ID, true, ''],
      ['beat', ID, false, 'queue is full'],
      ['beat', ID, true, ''],
    ]);
  });

  it.each([
    ['shop_web_1', 'has no check of type ttl'],
    ['shop_web_old', 'has no check'],
    ['nobody', 'no task has the id or name "nobody"'],
  ])('of %s ends with 1: %s', async (name, message) => {
    expect(await ask(['beat', name])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(message) as string,
    });
  });
});

it('changes over TCP end with 77 and the path of the socket', async () => {
  const path = `${fixture.socket}.too`;
  const tcp = await startApi({ listen: [{ path }, { ip: '127.0.0.1', port: 0 }] });
  load(tcp);
  const addr = `http://${tcp.server.addresses()[1] ?? ''}`;
  const { code, stderr } = await fairlead(`--addr ${addr} drain shop_web_1`);
  expect({ code, stderr }).toEqual({
    code: 77,
    stderr: `fairlead: changes are accepted only over the unix socket; send it to unix:${path}\n`,
  });
  expect((await fairlead(`--addr ${addr} health -q`)).code).toBe(0);
  await stopApi(tcp);
});
