import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { silentLog } from '../../src/net/log.js';
import { keepChildren } from '../../src/linux/children.js';

const isRoot = process.getuid?.() === 0;
const script = (name: string) => ['--import', 'tsx', join(import.meta.dirname, name)];

test.skipIf(!isRoot)('commands do not inherit the capabilities that systemd gave the daemon', () => {
  const { stdout, stderr } = spawnSync(
    'setpriv',
    [
      ...['--reuid=65534', '--regid=65534', '--clear-groups'],
      ...['--inh-caps=+net_admin,+sys_nice', '--ambient-caps=+net_admin,+sys_nice', process.execPath],
      ...script('ambient-child.ts'),
    ],
    { encoding: 'utf8', env: { PATH: process.env['PATH'], HOME: '/tmp' } },
  );
  expect(stderr).toBe('');
  const [own, plain, shielded, after] = stdout.trim().split('\n');
  const capabilities = '0000000000801000';
  expect({ own, plain, shielded, after }).toEqual({
    own: capabilities,
    plain: capabilities,
    shielded: '0000000000000000',
    after: capabilities,
  });
});

test.skipIf(!isRoot)('as process 1, orphans are taken away, and no child of its own', () => {
  const { stdout, stderr } = spawnSync(
    'unshare',
    ['--pid', '--fork', '--mount-proc', process.execPath, ...script('orphans-child.ts')],
    { encoding: 'utf8' },
  );
  expect(stderr).toBe('');
  expect(stdout.trim().split('\n')).toEqual(['own child: exit 7', 'orphan was a zombie', 'orphan is gone']);
});

test.each([
  [1, ['processes that lose their parents stay as zombies; run the container with docker run --init']],
  [2, []],
])('without the C library, process %i warns of orphans: %j', async (pid, expected) => {
  const warnings: { message: string; fields: unknown }[] = [];
  const log = {
    ...silentLog,
    warn: (message: string, fields?: object) => warnings.push({ message, fields }),
  };
  const why = 'the package koffi cannot be loaded';
  const keeper = await keepChildren(log, pid, () => Promise.resolve({ unavailable: why }));
  const ofOrphans = warnings.filter(({ message }) => message.includes('parents'));
  expect(ofOrphans).toEqual(expected.map((message) => ({ message, fields: { why } })));
  expect(keeper.withoutRights(() => 'done')).toBe('done');
  keeper.stop();
});
