import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { setIpvsSettings } from '../../src/linux/ipvs-settings.js';
import { complaint } from '../../src/linux/ipvsadm.js';

let folder: string;
const NAMES = [
  'conntrack',
  'conn_reuse_mode',
  'expire_nodest_conn',
  'expire_quiescent_template',
  'drop_entry',
];
const values = (): string =>
  readdirSync(folder)
    .sort()
    .map((name) => readFileSync(join(folder, name), 'utf8').trim())
    .join('');

describe('settings of IPVS', () => {
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ipvs-'));
    for (const name of [...NAMES, 'drop_packet'])
      writeFileSync(join(folder, name), name === 'drop_entry' ? '1' : '0');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('are set, and restored', () => {
    const undo = setIpvsSettings(folder);
    expect(values()).toBe('110011');
    undo();
    expect(values()).toBe('001000');
  });

  it('are left as they were where one cannot be set', () => {
    rmSync(join(folder, 'drop_packet'));
    expect(() => setIpvsSettings(folder)).toThrow(
      'net.ipv4.vs.drop_packet cannot be set to 0 (ENOENT); set it yourself',
    );
    expect(values()).toBe('00100');
  });
});

describe('what ipvsadm complains about', () => {
  it.each([
    [
      "Can't initialize ipvs: Protocol not available\n",
      /^this kernel has no IPVS \(.*\); load the module ip_vs/,
    ],
    ["Can't initialize ipvs: Permission denied (you must be root)\n", /CAP_NET_ADMIN$/],
    [
      'Scheduler or persistence engine not found\nService not defined\n',
      /^this kernel lacks a scheduler of IPVS/,
    ],
    ['No such service\n', /^ipvsadm: No such service$/],
    ['', /^ipvsadm: ipvsadm ended with 2$/],
  ])('is said in one line: %s', (said, line) => {
    expect(complaint(said, 2)).toMatch(line);
  });
});
