import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CHECKS } from './fixtures/ipvs/check-names.js';
import { describeOnHost } from './support/requirements.js';
import { runInMachine } from './support/virtual-machine.js';

const fixture = (name: string): string => fileURLToPath(new URL(`fixtures/ipvs/${name}`, import.meta.url));

const SUITE = 'data plane ipvs: ';

/** What is the proxy's alone. */
const ONLY_PROXY = [
  'tries another task when the first one refuses',
  'drains: open connections end regularly, new ones are refused',
  'drains: queued connections are served',
  'drains a service again while another still drains: open connections of both continue',
  'closes at once, and does nothing afterwards',
];

describeOnHost(
  'virtual IPs that IPVS carries, on the kernel of a virtual machine',
  () => {
    /** By check: why it does not hold; empty if it does. */
    const outcomes = new Map<string, string>();
    /** By case of the suite that all data planes have. */
    const conformance: Record<string, string> = {};
    const lines: string[] = [];
    const ending = new AbortController();

    beforeAll(async () => {
      let [failed, why] = ['', ''];
      await runInMachine(
        fixture('guest.ts'),
        { vitest: fixture('suite.ts') },
        (line) => {
          lines.push(line);
          const [, outcome = '', name = ''] = /^(ok|skipped|not ok) \d+ (.+)$/.exec(line) ?? [];
          if (name !== '') {
            [failed, why] = outcome === 'not ok' ? [name, 'it does not hold'] : ['', ''];
            outcomes.set(name, why);
            if (name.startsWith(SUITE)) conformance[name.slice(SUITE.length)] = outcome;
          } else if (failed !== '' && line.startsWith('| ')) {
            outcomes.set(failed, (why += `\n${line.slice(2)}`));
          }
        },
        ending.signal,
      );
    }, 600_000);

    // Whatever has become of the machine, it ends with its test.
    afterAll(() => ending.abort());

    test.each(CHECKS)('%s', (name) => {
      const outcome = outcomes.get(name) ?? `the machine has not said:\n${lines.slice(-20).join('\n')}`;
      expect(outcome).toBe('');
    });

    test('what every data plane does', () => {
      const faults = [...outcomes].filter(([name, why]) => name.startsWith(SUITE) && why !== '');
      expect(faults).toEqual([]);
      const of = (outcome: string) =>
        Object.keys(conformance).filter((name) => conformance[name] === outcome);
      expect(of('skipped')).toEqual(ONLY_PROXY);
      expect(of('ok').length).toBeGreaterThan(15);
      expect(lines.filter((line) => /^ok \d+ the kernel has carried/.test(line))).toHaveLength(1);
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
