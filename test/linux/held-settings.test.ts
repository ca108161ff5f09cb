import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { holdSetting, restoreLeftSettings } from '../../src/linux/held-settings.js';

let folder: string;
let setting: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fairlead-settings-'));
  setting = join(folder, 'send_redirects');
  writeFileSync(setting, '1\n');
});
afterEach(() => rmSync(folder, { recursive: true }));

const value = (): string => readFileSync(setting, 'utf8');

describe('a setting of the kernel', () => {
  it('is restored by the last part that needs it, whichever came first', () => {
    const first = holdSetting(setting, '1', '0');
    const second = holdSetting(setting, '1', '0');
    expect(value()).toBe('0');
    first?.();
    first?.();
    expect(value()).toBe('0');
    second?.();
    expect(value()).toBe('1');
  });

  it('that has the value already, by another hand, is left alone', () => {
    writeFileSync(setting, '0\n');
    expect(holdSetting(setting, '1', '0')).toBeUndefined();
    expect(value()).toBe('0\n');
  });

  it('that another program has changed back is changed again', () => {
    const first = holdSetting(setting, '1', '0');
    writeFileSync(setting, '1\n');
    const second = holdSetting(setting, '1', '0');
    expect(value()).toBe('0');
    first?.();
    second?.();
    expect(value()).toBe('1');
  });

  it('that is not there, or goes, is no fault', () => {
    expect(holdSetting(join(folder, 'none'), '1', '0')).toBeUndefined();
    const release = holdSetting(setting, '1', '0');
    rmSync(setting);
    expect(release).not.toThrow();
  });

  it('of any value is changed, and restored', () => {
    writeFileSync(setting, '7\n');
    const release = holdSetting(setting, undefined, '0');
    expect(value()).toBe('0');
    release?.();
    expect(value()).toBe('7');
    writeFileSync(setting, '0\n');
    expect(holdSetting(setting, undefined, '0')).toBeUndefined();
  });

  it('that a daemon has left is restored by the next one that needed it', () => {
    holdSetting(setting, '1', '0')?.(true);
    expect(value()).toBe('0');
    const release = holdSetting(setting, '1', '0');
    expect(restoreLeftSettings(folder)).toEqual([]);
    expect(value()).toBe('0');
    release?.();
    expect(value()).toBe('1');
  });

  it('that a daemon has left is restored at once where the next one does not need it', () => {
    holdSetting(setting, '1', '0')?.(true);
    expect(restoreLeftSettings('/proc/sys/net/')).toEqual([]);
    expect(value()).toBe('0');
    expect(restoreLeftSettings(folder)).toEqual([]);
    expect(value()).toBe('1');
    writeFileSync(setting, '0');
    expect(restoreLeftSettings(folder)).toEqual([]);
    expect(value()).toBe('0');
  });
});
