import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { textWidth } from '../../src/cli/format/text.js';
import { CHECKS, load, NOW, startApi, stopApi, task, VIPS, type Fixture } from '../api/fixture.js';
import { fairlead } from './run.js';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await startApi();
  load(fixture);
  const service = {
    environment: 'default',
    stack: 'a-stack-with-a-long-name',
    service: 'a-service-with-a-long-name',
  };
  fixture.sink.update({
    tasks: Array.from({ length: 12 }, (_, at) =>
      task(
        `${at}aaa`.padEnd(64, '0'),
        `a-stack-with-a-long-name-a-service-with-a-long-name-${at}`,
        `10.42.1.${at}`,
        {
          stack: service.stack,
          service,
          health: at % 2 === 0 ? 'healthy' : 'reinitializing',
          reason: 'something that takes quite a few words to be told',
          image: 'registry.example.org/a/long/path/to/an/image:with-a-long-tag',
        },
      ),
    ),
  });
  fixture.health.checks = CHECKS;
  fixture.vips.list = VIPS;
  fixture.vips.told = { plane: 'proxy', pool: '10.43.0.0/16', services: 2 };
  fixture.adoption.list = [true, false].map((adopted) => ({
    ...{ id: '0aaa'.padEnd(64, '0'), name: 'a-stack-with-a-long-name-a-service-with-a-long-name-0', adopted },
    ...{ stack: service.stack, server: '169.254.169.250', code: 'unreachable' },
    why: 'no listener can be reached from its networks: a firewall may drop what it sends to 169.254.169.250',
  }));
  fixture.templates.current = [
    {
      source: '/etc/fairlead/templates/a-template-with-a-long-name.ctmpl',
      destination: '/etc/a-program-with-a-long-name/conf.d/a-file-with-a-long-name.conf',
      ...{
        state: 'rendered',
        renderedAt: new Date(NOW).toISOString(),
        bytes: 123_456,
        missing: [],
        failures: 0,
      },
      queries: ['health.service(a-service-with-a-long-name)', 'kv.block(a/long/path/to/a/key)'],
      command: {
        ...{ text: 'systemctl reload a-program-with-a-long-name', ok: true, outcome: 'exit status 0' },
        ...{ output: '', at: new Date(NOW).toISOString(), tookMs: 12 },
      },
    },
  ];
  await ask(['drain', fixture.adoption.list[0]?.name ?? '', '--note', 'a note that takes quite a few words']);
});
afterAll(() => stopApi(fixture));

const ask = (line: string | readonly string[], terminal?: number) =>
  fairlead(line, {
    env: { FAIRLEAD_ADDR: `unix:${fixture.socket}`, NO_COLOR: '1' },
    ...(terminal !== undefined && { terminal }),
  });

/** The column that says what each list is about. */
const SUBJECTS: Readonly<Record<string, RegExp>> = {
  ...{ services: /SERVICE/, tasks: /NAME/, health: /TASK/, vips: /VIP/ },
  ...{ adopt: /CONTAINER/, templates: /DESTINATION/, drain: /NAME/ },
};

describe.each([60, 80, 200])('on a terminal of %i columns', (width) => {
  it.each([
    'services',
    'services -o wide',
    'tasks',
    'tasks -o wide',
    'health',
    'health -o wide',
    'vips',
    'vips -o wide',
    'adopt',
    'templates',
    'templates -o wide',
    'drain',
  ])('%s fits', async (line) => {
    const { code, stdout, stderr } = await ask(line, width);
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    expect(lines.length).toBeGreaterThan(1);
    expect(Math.max(...lines.map(textWidth))).toBeLessThanOrEqual(width);
    // What is left out is named, and it is never what the list is about.
    const [header = ''] = lines;
    const all = (await ask(line)).stdout.split('\n')[0]?.split(/ {2,}/) ?? [];
    const missing = all.filter((each) => !header.split(/ {2,}/).includes(each));
    expect(missing.every((each) => stderr.includes(each))).toBe(true);
    expect(header).toMatch(SUBJECTS[line.split(' ')[0] ?? ''] ?? /$./);
  });
});

describe('--sort', () => {
  const names = async (words: string) => (await ask(words)).stdout.trim().split('\n');

  it.each([
    ['tasks --service a-service-with-a-long-name -o name --sort name', /-0$/, /-11$/],
    ['tasks --service a-service-with-a-long-name -o name --sort -name', /-11$/, /-0$/],
    ['health --sort since -o name', /Batch_1/, /shop_web_1/],
    ['vips -q --sort port', /:53/, /:80/],
    ['vips -q --sort -out', /:80/, /:53/],
  ])('%s', async (words, first, last) => {
    const all = await names(words);
    expect([all[0], all.at(-1)]).toEqual([expect.stringMatching(first), expect.stringMatching(last)]);
  });

  it('lists the columns', async () => {
    expect(await ask('services --sort colour')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(
        /no column "colour".*must be one of service, kind, mode, healthy/,
      ) as string,
    });
  });
});

describe('-o yaml', () => {
  it('contains the same as -o json', async () => {
    const { parse } = await import('yaml');
    for (const line of [
      'services',
      'tasks',
      'health',
      'vips',
      'status',
      'service web.shop',
      'drain',
      'adopt',
      'templates',
    ]) {
      const [yaml, json] = [await ask(`${line} -o yaml`), await ask(`${line} -o json`)];
      expect(yaml.code).toBe(0);
      expect(parse(yaml.stdout)).toEqual(JSON.parse(json.stdout));
    }
  });

  it('cannot be combined with --watch', async () => {
    expect(await ask('services --watch -o yaml')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('use -o ndjson') as string,
    });
  });
});

it('vips show the configured weight, and how much of it a slow start gives', async () => {
  const [first] = VIPS;
  if (!first) throw new Error('no virtual IP');
  fixture.vips.list = [
    {
      ...first,
      tasks: first.tasks.map((each, at) => ({ ...each, weight: 37, ...(at === 0 && { slowStart: 0.37 }) })),
    },
  ];
  const { stdout } = await ask('vips');
  expect(stdout).toMatch(/shop_web_1 +1 \(37%\) +active/);
  expect(stdout).toMatch(/shop_web_2 +1 +draining/);
  const { body } = await (await import('../api/fixture.js')).ask(fixture.socket, '/v1/vips');
  expect(body).toMatchObject({
    vips: [{ tasks: [{ weight: 37, configuredWeight: 1, slowStart: 0.37 }, {}] }],
  });
  fixture.vips.list = VIPS;
});
