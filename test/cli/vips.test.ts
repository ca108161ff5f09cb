import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { VipJson, VipListJson } from '../../src/api/types/vips-json.js';
import { Context } from '../../src/cli/context.js';
import { CliError, EXIT } from '../../src/cli/exit-codes.js';
import { formatBytes } from '../../src/cli/format/byte-counts.js';
import { carrierWords, VIP_COLUMNS } from '../../src/cli/vip-columns.js';
import { watchVips } from '../../src/cli/vip-watch.js';
import { CONTAINER_ID, load, startApi, stopApi, VIPS, type Fixture } from '../api/fixture.js';
import { fairlead, type RunOptions } from './run.js';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await startApi();
});
afterAll(() => stopApi(fixture));
beforeEach(() => {
  load(fixture);
  fixture.vips.list = VIPS;
  fixture.vips.told = { plane: 'proxy', pool: '10.43.0.0/16', services: 2 };
});

const ask = (line: string, options: RunOptions = {}) =>
  fairlead(line, { ...options, env: { FAIRLEAD_ADDR: `unix:${fixture.socket}`, ...options.env } });

describe('vips', () => {
  it('shows each task behind each port, and what cannot be served', async () => {
    expect(await ask('vips')).toEqual({
      code: 0,
      stdout: [
        'VIP        PORT    SERVICE   SCHEDULER  TASK        WEIGHT  STATE     ACTIVE  TOTAL       IN      OUT  ERRORS',
        '10.43.7.1  53/udp  web.shop  wrr        -                -  down           0      0       0B       0B       0',
        '10.43.7.1  80/tcp  web.shop  wrr        shop_web_1       1  active         3    118  1.95KiB  4.77MiB       0',
        '10.43.7.1  80/tcp  web.shop  wrr        shop_web_2       1  draining       0      2      48B  0.98KiB       4',
        '',
      ].join('\n'),
      stderr: '! service default/shop/web: cannot serve 10.43.7.1:53/udp: the port is in use\n',
    });
  });

  it.each([
    ['vips -q', '10.43.7.1:53/udp\n10.43.7.1:80/tcp\n'],
    ['vips -o name --stack shop', '10.43.7.1:53/udp\n10.43.7.1:80/tcp\n'],
    ['vips web.shop -q', '10.43.7.1:53/udp\n10.43.7.1:80/tcp\n'],
    ['vips --stack other -q', ''],
  ])('%s prints names', async (line, stdout) => {
    expect(await ask(line)).toMatchObject({ code: 0, stdout });
  });

  it('says what carries whose connections, and why', async () => {
    const internal = 'an internal network is never opened';
    const carrier = {
      plane: 'nftables',
      scope: 'br-1 and the host',
      left: ['br-2', 'br-3'].map((bridge) => ({ bridge, why: internal })),
    } as const;
    fixture.vips.list = VIPS.map((each) => ({ ...each, carrier }));
    expect((await ask('vips -o wide')).stdout).toMatch(/ nftables\+proxy /);
    expect(carrierWords(carrier)).toEqual([
      'carried by nftables for br-1 and the host',
      `by the proxy for br-2, br-3, because ${internal}`,
    ]);
    expect(carrierWords({ plane: 'proxy', why: 'it has a limit' })).toEqual([
      'carried by proxy, because it has a limit',
    ]);
  });

  it('is JSON for scripts, and shows more columns with -o wide', async () => {
    const list = JSON.parse((await ask('vips -o json')).stdout) as VipJson[];
    expect(list.map(({ port, tasks }) => [port, tasks.length])).toEqual([
      [53, 0],
      [80, 2],
    ]);
    const { stdout } = await ask('vips -o wide');
    expect(stdout).toMatch(
      /ERRORS +ADDRESS +LIMIT +SERVICE-LIMIT +CLIENT-LIMIT +AFFINITY +PROXY +REFUSED +FAILED +RETRIED +PLANE +ID\n/,
    );
    expect(stdout).toMatch(/53\/udp .* down( +-| +0| +0B)* +0 +0 +0 +- +-\n/);
    expect(stdout).toMatch(/shop_web_2 .* 10\.42\.0\.12:80 +10 +100 +20 +600s +accept,v2 +1 +2 +4 /);
  });

  it('a task has none', async () => {
    expect(await ask('vips shop_web_1')).toMatchObject({
      code: EXIT.usage,
      stderr: expect.stringContaining('a virtual IP belongs to a service') as string,
    });
  });

  it.each([
    [{ plane: 'off', why: 'vip is false', services: 0 } as const, 'virtual IPs are off: vip is false\n'],
    [
      { plane: 'proxy', pool: '10.43.0.0/16', services: 0 } as const,
      'no service here has a port, so none has a virtual IP; docs/balancing.md explains how to add one\n',
    ],
  ])('says why there are none', async (told, stderr) => {
    fixture.vips.list = [];
    fixture.vips.told = told;
    expect(await ask('vips')).toEqual({ code: 0, stdout: '', stderr });
  });
});

describe('status', () => {
  it.each([
    [
      { plane: 'proxy', pool: '10.43.0.0/16', services: 2 } as const,
      'proxy, 2 ports of addresses from 10.43.0.0/16, 3 connections open of 120 (failed 2, refused 1)',
    ],
    [{ plane: 'off', why: 'no right', wanted: true, services: 0 } as const, 'off: no right'],
  ])('says what carries virtual IPs', async (told, words) => {
    fixture.vips.told = told;
    expect((await ask('status')).stdout).toContain(`  vips       ${words}\n`);
  });
});

it.each([
  [0, '0B'],
  [999, '999B'],
  [1000, '0.98KiB'],
  [10_240, '10.0KiB'],
  [1_048_575, '1.00MiB'],
  [5 * 2 ** 40, '5.00TiB'],
  [2 ** 70, '1048576PiB'],
])('%d bytes are %s', (octets, text) => {
  expect(formatBytes(octets)).toBe(text);
});

describe('vips --watch', () => {
  const ENOUGH = new CliError(EXIT.data, 'enough');
  const counters = { active: 0, total: 0, bytesIn: 0, bytesOut: 0 };
  const port = (
    state: VipJson['state'],
    ...tasks: (readonly [string, VipJson['tasks'][number]['state']])[]
  ) => ({
    environment: 'default',
    stack: 'shop',
    service: 'web',
    key: 'default/shop/web',
    name: 'web.shop',
    ...{ vip: '10.43.7.1', port: 80, protocol: 'tcp' as const, scheduler: 'wrr', state },
    ...{ ...counters, refused: 0, failed: 0, retried: 0 },
    tasks: tasks.map(([name, own]) => ({
      ...{ id: name, name, address: '10.42.0.1:80', weight: 1, state: own },
      ...{ ...counters, errors: 0 },
    })),
  });

  async function watched(looks: readonly (readonly VipJson[])[], options = {}, terminal?: { rows: number }) {
    const written = { stdout: '', stderr: '' };
    let next = 0;
    const context = new Context(
      {
        stdout: {
          isTTY: terminal !== undefined,
          columns: 140,
          ...terminal,
          write: (text) => void (written.stdout += text),
        },
        stderr: { isTTY: false, write: (text) => void (written.stderr += text) },
        env: { NO_COLOR: '1' },
        cwd: '/',
        clock: () => 0,
        readStdin: () => Promise.resolve(''),
      },
      () => Promise.resolve(0),
      [],
      options,
    );
    const look = (): Promise<VipListJson> => {
      const vips = looks[next++];
      if (!vips) return Promise.reject(ENOUGH);
      return Promise.resolve({ revision: next, now: `2026-11-21T00:00:0${next}.000Z`, vips });
    };
    const watching = watchVips(context, { ask: look, columns: VIP_COLUMNS, pause: () => Promise.resolve() });
    await expect(watching).rejects.toBe(ENOUGH);
    return written;
  }

  it('prints a line for each port and task whose state changes', async () => {
    const { stdout, stderr } = await watched([
      [port('up', ['w1', 'active'])],
      [port('up', ['w1', 'draining'], ['w2', 'active'])],
      [port('empty', ['w1', 'draining'])],
      [],
    ]);
    expect(stderr).toBe('watching 1 port of virtual IPs\n');
    const lines = stdout.trim().split('\n');
    expect(lines.map((line) => line.replace(/ +/g, ' '))).toEqual([
      '2026-11-21T00:00:02.000Z 10.43.7.1:80/tcp web.shop w1 active -> draining',
      '2026-11-21T00:00:02.000Z 10.43.7.1:80/tcp web.shop w2 absent -> active',
      '2026-11-21T00:00:03.000Z 10.43.7.1:80/tcp web.shop - up -> empty',
      '2026-11-21T00:00:03.000Z 10.43.7.1:80/tcp web.shop w2 active -> gone',
      '2026-11-21T00:00:04.000Z 10.43.7.1:80/tcp web.shop - empty -> gone',
      '2026-11-21T00:00:04.000Z 10.43.7.1:80/tcp web.shop w1 draining -> gone',
    ]);
  });

  it('prints one object per change with -o json', async () => {
    const { stdout } = await watched([[], [port('up')]], { output: 'json' });
    expect(JSON.parse(stdout)).toEqual({
      at: '2026-11-21T00:00:02.000Z',
      ...{ vip: '10.43.7.1', port: 80, protocol: 'tcp', service: 'web.shop', after: 'up' },
    });
  });

  it('draws the table on a terminal, with problems first', async () => {
    const { stdout } = await watched([[port('up', ['w1', 'active'], ['w2', 'full'])]], {}, { rows: 5 });
    expect(stdout).toContain('1 port: up 1; 0 open');
    expect(stdout).toMatch(/w2 +1 +full/);
    expect(stdout).not.toMatch(/w1 +1 +active/);
    expect(stdout).toContain('and 1 more; a name or --stack shortens the list');
  });
});

it('explain shows the virtual IP, its ports, and which tasks take connections', async () => {
  const port = { port: 80, protocol: 'tcp' as const, scheduler: 'lc', state: 'up' as const };
  const vip = { address: '10.43.7.1', ports: [port] };
  const told = await fixture.names.explain('web', 'A');
  fixture.names.explain = () => Promise.resolve({ ...told, vip });
  expect((await ask('explain web')).stdout).toContain('  vip     10.43.7.1: 80/tcp lc up\n');
  const settings = { maxConnections: 100, maxPerClient: 20, affinity: 600 };
  const ports = [
    { ...port, settings },
    {
      ...port,
      state: 'down' as const,
      settings: { proxyProtocol: 'v1' as const, acceptProxy: true as const },
      problem: 'it is taken',
    },
  ];
  fixture.names.explain = () => Promise.resolve({ ...told, vip: { ...vip, ports } });
  expect((await ask('explain web')).stdout).toContain(
    [
      '  vip     10.43.7.1: 80/tcp lc up (100 open at most, 20 per client address, affinity 600 s)',
      '80/tcp lc down (it is taken, clients must send a PROXY header, tasks receive PROXY v1)\n',
    ].join(', '),
  );
  fixture.names.explain = () => Promise.resolve({ ...told, vip: { ...vip, ports: [] } });
  expect((await ask('explain web')).stdout).toContain('  vip     10.43.7.1: not carried here\n');
  expect(told.tasks[0]?.id).toBe(CONTAINER_ID);
});
