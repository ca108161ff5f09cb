import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readVipRules, removeVipRules, tryVipRules, writeVipRules } from '../../src/linux/vip-rules.js';

let folder: string;
const written = (): string => readFileSync(join(folder, 'input'), 'utf8');

/** An `nft` command that keeps what it is given, and answers in one way. */
function standIn(script = 'exit 0'): void {
  const file = join(folder, 'nft');
  writeFileSync(file, `#!/bin/sh\n/bin/cat > ${folder}/input\n${script}\n`);
  chmodSync(file, 0o755);
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fairlead-rules-'));
  vi.stubEnv('PATH', folder);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

describe('the rules for virtual IPs', () => {
  it('redirect to listeners, and refuse everything else of the pool', async () => {
    standIn();
    await writeVipRules('10.43.0.0/16', [
      { vip: '10.43.1.2', port: 80, listenPort: 40001 },
      { vip: '10.43.1.3', port: 80, listenPort: 40002 },
    ]);
    expect(written()).toContain(
      'elements = { 10.43.1.2 . 80 : 10.43.1.2 . 40001, 10.43.1.3 . 80 : 10.43.1.3 . 40002 }',
    );
    expect(written()).toContain('meta l4proto tcp dnat to 10.43.0.1:1\n');
    expect(written()).toMatch(/^add table ip fairlead_vip\ndelete table ip fairlead_vip\n/);
  });

  it('are those of IPv6 for a pool of IPv6, and without listeners have no elements', async () => {
    standIn();
    await writeVipRules('fd00:43::/112', []);
    expect(written()).toContain('type ipv6_addr . inet_service : ipv6_addr . inet_service');
    expect(written()).toContain('dnat to [fd00:43::1]:1\n');
    expect(written()).not.toContain('elements');
    await removeVipRules('fd00:43::/112');
    expect(written()).toBe('add table ip6 fairlead_vip\ndelete table ip6 fairlead_vip\n');
  });

  it.each([
    ['echo "Error: Operation not permitted" >&2; exit 1', '(Error: Operation not permitted)'],
    ['exit 3', '(nft ended with 3)'],
  ])('that cannot be set say why and what to do: %s', async (script, why) => {
    standIn(script);
    await expect(writeVipRules('10.43.0.0/16', [])).rejects.toThrow(
      `virtual IPs of 10.43.0.0/16 cannot be led to their listeners ${why}; run as root or with CAP_NET_ADMIN`,
    );
  });

  it('without an nft command say what to install', async () => {
    await expect(writeVipRules('10.43.0.0/16', [])).rejects.toThrow(/install nftables/);
  });

  it('can be tried before they are written', async () => {
    standIn('[ "$1" = --check ] || exit 9');
    expect(await tryVipRules('10.43.0.0/16')).toBeUndefined();
    expect(written()).toContain('elements = { 10.43.0.1 . 1 : 10.43.0.1 . 2 }');
    standIn('echo "Error: Could not process rule: Not supported" >&2; exit 1');
    expect(await tryVipRules('10.43.0.0/16')).toBe('Error: Could not process rule: Not supported');
  });

  const listed = (pool: string) => `table ip fairlead_vip {
	map ports {
		type ipv4_addr . inet_service : ipv4_addr . inet_service
		elements = { 10.43.1.2 . 80 : 10.43.1.2 . 40001,
			     10.43.1.3 . 80 : 10.43.1.3 . 40002 }
	}
	chain lead {
		dnat ip to ip daddr . tcp dport map @ports
		meta l4proto 6 dnat to 10.43.0.1:1
	}
	chain prerouting {
		type nat hook prerouting priority -110; policy accept;
		ip daddr ${pool} jump lead
	}
	chain output {
		type nat hook output priority -110; policy accept;
		ip daddr ${pool} jump to_listener
	}
}`;
  const redirects = [
    { vip: '10.43.1.2', port: 80, listenPort: 40001 },
    { vip: '10.43.1.3', port: 80, listenPort: 40002 },
  ];

  it.each([
    [`echo "${listed('10.43.0.0/16')}"`, { state: 'present', complete: true, redirects }],
    [`echo "${listed('10.44.0.0/16')}"`, { state: 'present', complete: false, redirects }],
    ['echo "table ip fairlead_vip { }"', { state: 'present', complete: false, redirects: [] }],
    ['echo "Error: No such file or directory" >&2; exit 1', { state: 'absent' }],
    [
      'echo "Operation not permitted (you must be root)" >&2; exit 1',
      { state: 'hidden', why: 'Operation not permitted (you must be root)' },
    ],
  ])('are read as the kernel reports them: %#', async (script, expected) => {
    standIn(script);
    expect(await readVipRules('10.43.0.0/16')).toEqual(expected);
  });
});
