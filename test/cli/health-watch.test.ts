import { expect, it } from 'vitest';
import type { CheckJson, HealthListJson } from '../../src/api/types/resources.js';
import { Context } from '../../src/cli/context.js';
import { CliError, EXIT } from '../../src/cli/exit-codes.js';
import { healthColumns } from '../../src/cli/health-columns.js';
import { watchHealth } from '../../src/cli/health-watch.js';

function check(name: string, health: CheckJson['health'], more: Partial<CheckJson> = {}): CheckJson {
  return {
    id: `id-${name}`,
    name,
    environment: 'default',
    stack: 'shop',
    service: { environment: 'default', stack: 'shop', service: 'web' },
    health,
    since: '2026-11-21T00:00:00.000Z',
    kind: 'tcp',
    check: 'tcp 10.42.0.7:80',
    intervalMs: 2000,
    from: 'label',
    passes: 0,
    failures: 0,
    rise: 2,
    fall: 3,
    ...more,
  };
}

const AWAY = new CliError(EXIT.unavailable, 'cannot reach the daemon');
const ENOUGH = new CliError(EXIT.data, 'enough');

/** Watches what each look finds; after the last one it ends. */
async function watched(
  looks: readonly (readonly CheckJson[] | Error)[],
  options: Record<string, unknown> = {},
  terminal?: { columns: number; rows: number },
) {
  const written = { stdout: '', stderr: '' };
  let pauses = 0;
  let next = 0;
  const context = new Context(
    {
      stdout: { isTTY: terminal !== undefined, ...terminal, write: (text) => void (written.stdout += text) },
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
  const ask = (): Promise<HealthListJson> => {
    const look = looks[next] ?? ENOUGH;
    next += 1;
    if (look instanceof Error) return Promise.reject(look);
    return Promise.resolve({ revision: next, now: `2026-11-21T00:00:0${next}.000Z`, checks: look });
  };
  const pause = () => {
    pauses += 1;
    return Promise.resolve();
  };
  const ending = watchHealth(context, { ask, columns: healthColumns, pause });
  await expect(ending).rejects.toBe(looks[0] === AWAY ? AWAY : ENOUGH);
  return { ...written, pauses };
}

it('prints one line per change without a terminal', async () => {
  const { stdout, stderr, pauses } = await watched([
    [check('a', 'healthy'), check('b', 'healthy')],
    [check('a', 'unhealthy', { reason: 'probe tcp 10.42.0.7:80: ECONNREFUSED' }), check('b', 'healthy')],
    [check('a', 'unhealthy'), check('b', 'healthy')],
    [check('a', 'unhealthy'), check('c\u001b[2J', 'initializing')],
  ]);
  expect(stdout).toBe(
    [
      '2026-11-21T00:00:02.000Z  web.shop          a                     healthy -> unhealthy [probe tcp 10.42.0.7:80: ECONNREFUSED]',
      '2026-11-21T00:00:04.000Z  web.shop          c?[2J                 not checked -> initializing',
      '2026-11-21T00:00:04.000Z  web.shop          b                     healthy -> not checked',
      '',
    ].join('\n'),
  );
  expect(stderr).toBe('watching 2 checked tasks\n');
  expect(pauses).toBe(4);
});

it.each([['json'], ['ndjson']])(
  'prints one object per change with -o %s, even on a terminal',
  async (output) => {
    const looks = [[check('a', 'healthy')], [check('a', 'unhealthy', { reason: 'why' })], []];
    const { stdout } = await watched(looks, { output }, { columns: 80, rows: 24 });
    const service = { environment: 'default', stack: 'shop', service: 'web' };
    const lines = stdout.trim().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      {
        at: '2026-11-21T00:00:02.000Z',
        id: 'id-a',
        name: 'a',
        service,
        before: 'healthy',
        after: 'unhealthy',
        reason: 'why',
      },
      { at: '2026-11-21T00:00:03.000Z', id: 'id-a', name: 'a', service, before: 'unhealthy' },
    ]);
  },
);

it('shows what changed while the daemon was away, and says once that it was', async () => {
  const { stdout, stderr } = await watched([[check('a', 'healthy')], AWAY, AWAY, [check('a', 'draining')]]);
  expect(stdout).toContain('healthy -> draining');
  expect(stderr).toBe('watching 1 checked task\ncannot reach the daemon; waiting for it\n');
});

it('ends if the daemon is not there at the start', async () => {
  expect(await watched([AWAY])).toEqual({ stdout: '', stderr: '', pauses: 0 });
});

it('redraws the table on a terminal, as much as fits, with problems first', async () => {
  const all = [check('a', 'healthy'), check('b', 'healthy', { failures: 1 }), check('c', 'unhealthy')];
  const { stdout, stderr } = await watched([all, all.slice(0, 1), []], {}, { columns: 90, rows: 6 });
  expect(stderr).toBe('');
  const [clear, first = '', second = '', third = ''] = stdout.split('\u001b[H');
  expect(clear).toBe('\u001b[2J');
  const plain = (text: string) => text.replaceAll('\u001b[K', '').replaceAll('\u001b[J', '').split('\n');
  expect(plain(first)).toEqual([
    '2026-11-21T00:00:01.000Z  3 tasks checked: healthy 2, unhealthy 1',
    expect.stringMatching(/^SERVICE +TASK +STATE +SINCE +CHECK +LAST RESULT +NEXT$/),
    expect.stringMatching(/^web\.shop +b +healthy +1s +tcp /),
    expect.stringMatching(/^web\.shop +c +unhealthy/),
    'and 1 more; a name, --stack or --health shortens the list',
    '',
  ]);
  expect(plain(second)).toHaveLength(4);
  expect(plain(third)[0]).toContain('no task here has a check');
  // What is left of longer lines and more rows is wiped away.
  expect(
    second
      .split('\n')
      .slice(0, -1)
      .every((line) => line.endsWith('\u001b[K')),
  ).toBe(true);
  expect(second.endsWith('\u001b[J')).toBe(true);
});

it.each([
  [180, 2000, 'in 0.2s', 'every 2s'],
  [950, 1500, 'in 1s', 'every 1.5s'],
  [1001, 90_000, 'in 2s', 'every 1m30s'],
  [20, 3_600_000, 'now', 'every 1h'],
])('writes %i ms, every %i ms as people do', async (left, intervalMs, next, every) => {
  const at = new Date(Date.parse('2026-11-21T00:00:01.000Z') + left).toISOString();
  const { stdout } = await watched(
    [[check('a', 'healthy', { next: at, intervalMs })]],
    {},
    { columns: 150, rows: 9 },
  );
  const row = stdout.split('\n').find((line) => line.startsWith('web.shop')) ?? '';
  expect(row).toContain(` ${every} `);
  expect(row.replace('\u001b[K', '').trimEnd().endsWith(next)).toBe(true);
});
