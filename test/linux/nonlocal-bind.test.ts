import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  allowNonlocalBind,
  forbidNonlocalBind,
  leaveNonlocalBind,
  nonlocalBindFault,
} from '../../src/linux/nonlocal-bind.js';

let folder: string;
let setting: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fairlead-nonlocal-'));
  setting = join(folder, 'ip_nonlocal_bind');
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('binding IPv6 addresses that are not on an interface', () => {
  it('is allowed, and forbidden again', () => {
    writeFileSync(setting, '0\n');
    expect(nonlocalBindFault(setting)).toBeUndefined();
    expect(readFileSync(setting, 'utf8')).toBe('0\n');
    expect(allowNonlocalBind(setting)).toBe(true);
    expect(readFileSync(setting, 'utf8')).toBe('1');
    forbidNonlocalBind();
    expect(readFileSync(setting, 'utf8')).toBe('0');
  });

  it('stays allowed when a pool is taken over, and is forbidden again by the last one', () => {
    writeFileSync(setting, '0\n');
    expect([allowNonlocalBind(setting), allowNonlocalBind(setting)]).toEqual([true, true]);
    leaveNonlocalBind();
    expect(readFileSync(setting, 'utf8')).toBe('1');
    // Another process has it from now on.
    leaveNonlocalBind();
    expect(readFileSync(setting, 'utf8')).toBe('1');
    forbidNonlocalBind();
    expect(readFileSync(setting, 'utf8')).toBe('0');
  });

  it('that an operator has allowed stays as it is', () => {
    writeFileSync(setting, '1\n');
    chmodSync(setting, 0o444);
    expect(allowNonlocalBind(setting)).toBe(false);
  });

  it('that cannot be allowed says why and what to do', () => {
    const fault =
      'Fairlead cannot listen on IPv6 addresses that are not on an interface (this host has no IPv6); choose an IPv4 pool';
    expect(() => allowNonlocalBind(setting)).toThrow(fault);
    expect(nonlocalBindFault(setting)).toBe(fault);
    expect(() => allowNonlocalBind(folder)).toThrow(/\(EISDIR\); run "sysctl -w net\.ipv6/);
  });
});
