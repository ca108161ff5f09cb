import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { CHECKS } from './fixtures/ipvs/check-names.js';
import { describeOnHost } from './support/requirements.js';
import { runInMachine } from './support/virtual-machine.js';

const GUEST = fileURLToPath(new URL('fixtures/ipvs/guest.ts', import.meta.url));

describeOnHost(
  'virtual IPs that IPVS carries, on the kernel of a virtual machine',
  () => {
    /** By check: why it does not hold; empty if it does. */
    const outcomes = new Map<string, string>();
    const lines: string[] = [];

    beforeAll(async () => {
      let [failed, why] = ['', ''];
      await runInMachine(GUEST, (line) => {
        lines.push(line);
        const [, not, name = ''] = /^(not )?ok \d+ (.+)$/.exec(line) ?? [];
        if (name !== '') {
          [failed, why] = not === undefined ? ['', ''] : [name, 'it does not hold'];
          outcomes.set(name, why);
        } else if (failed !== '' && line.startsWith('| ')) {
          outcomes.set(failed, (why += `\n${line.slice(2)}`));
        }
      });
    }, 600_000);

    test.each(CHECKS)('%s', (name) => {
      const outcome = outcomes.get(name) ?? `the machine has not said:\n${lines.slice(-20).join('\n')}`;
      expect(outcome).toBe('');
    });
  },
  [
    'qemu-system-x86_64',
    'cpio',
    'depmod',
    'apt-get',
    'dpkg',
    '/usr/bin/busybox',
    'ipvsadm',
    'ip',
    'nft',
    'conntrack',
    'ldd',
  ],
);
