import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/**
 * Settings in /proc/sys that this process has changed, and how many of its parts need them so. A part that comes later
 * finds the value as it wants it; the first one that goes must not take it away.
 */
const held = new Map<string, { from: string; holders: number }>();

/** Lets go of a setting; the last one to do so restores its value. Harmless afterwards. */
export type ReleaseSetting = () => void;

/**
 * Changes a setting from one value to another, and keeps it so until it is released.
 * @returns undefined: it is not there, or has another value that is not this process's doing
 * @throws the system's error where that cannot be written
 */
export function holdSetting(path: string, from: string, to: string): ReleaseSetting | undefined {
  const known = held.get(path);
  const value = readSettingAt(path);
  if (value === undefined || (value !== from && !known)) return undefined;
  if (value === from) writeFileSync(path, to);
  if (known) known.holders++;
  else held.set(path, { from, holders: 1 });
  let isReleased = false;
  return () => {
    if (isReleased) return;
    isReleased = true;
    release(path);
  };
}

/** Its content without white space; undefined if it cannot be read. */
export function readSettingAt(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}

function release(path: string): void {
  const known = held.get(path);
  if (!known || --known.holders > 0) return;
  held.delete(path);
  // An interface takes its settings with it.
  if (existsSync(path)) writeFileSync(path, known.from);
}
