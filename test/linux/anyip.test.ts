import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { addLocalRoute, removeLocalRoute, seeLocalRoute } from '../../src/linux/anyip.js';

let folder: string;
const log = (): string => {
  try {
    return readFileSync(join(folder, 'log'), 'utf8');
  } catch {
    return '';
  }
};

/** An `ip` command that notes its arguments, except when it is asked what there is, and answers in one way. */
function standIn(script: string): void {
  const file = join(folder, 'ip');
  writeFileSync(file, `#!/bin/sh\n[ "$3" = show ] || echo "$@" >> ${folder}/log\n${script}\n`);
  chmodSync(file, 0o755);
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fairlead-anyip-'));
  vi.stubEnv('PATH', folder);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

describe('a local route', () => {
  it('is set for a pool of either family, and none is needed for loopback', async () => {
    standIn('exit 0');
    expect(await addLocalRoute('10.43.0.0/16')).toBe(true);
    expect(await addLocalRoute('fd00:43::/64')).toBe(true);
    expect(await addLocalRoute('127.43.0.0/16')).toBe(false);
    await removeLocalRoute('10.43.0.0/16');
    expect(log().trim().split('\n')).toEqual([
      '-4 route replace local 10.43.0.0/16 dev lo proto 214',
      '-6 route replace local fd00:43::/64 dev lo proto 214',
      '-4 route del local 10.43.0.0/16 dev lo',
    ]);
  });

  it('that an operator has set is left as it is', async () => {
    standIn('echo "local 10.43.0.0/16 dev lo scope host"');
    expect(await addLocalRoute('10.43.0.0/16')).toBe(false);
    expect(log()).toBe('');
  });

  it('left by a killed process of ours is recognized as ours', async () => {
    standIn('echo "local 10.43.0.0/16 dev lo proto 214 scope host"');
    expect(await addLocalRoute('10.43.0.0/16')).toBe(true);
    expect(log()).toBe('');
  });

  it('that is already gone counts as removed', async () => {
    standIn('echo "RTNETLINK answers: No such process" >&2; exit 2');
    await expect(removeLocalRoute('10.43.0.0/16')).resolves.toBeUndefined();
  });

  it('that the kernel refuses says why and what to do', async () => {
    standIn('echo "RTNETLINK answers: Operation not permitted" >&2; exit 2');
    await expect(addLocalRoute('10.43.0.0/16')).rejects.toThrow(
      'the addresses of 10.43.0.0/16 cannot be made local to this host (RTNETLINK answers: Operation not permitted); ' +
        'run as root or with CAP_NET_ADMIN, or run "ip -4 route replace local 10.43.0.0/16 dev lo" once',
    );
  });

  it('without an ip command says what to install', async () => {
    await expect(addLocalRoute('10.43.0.0/16')).rejects.toThrow(/install iproute2/);
  });

  it('is seen, no matter which program added it', async () => {
    expect(await seeLocalRoute('10.43.0.0/16')).toEqual({
      why: 'the command ip is not installed; install iproute2',
    });
    standIn('echo "local 10.43.0.0/16 dev lo scope host"');
    expect(await seeLocalRoute('10.43.0.0/16')).toEqual({ present: true });
    standIn('exit 0');
    expect(await seeLocalRoute('10.43.0.0/16')).toEqual({ present: false });
    standIn('echo "Error: ipv4: FIB table does not exist." >&2; exit 2');
    expect(await seeLocalRoute('10.43.0.0/16')).toEqual({ why: 'Error: ipv4: FIB table does not exist.' });
  });
});
