import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { errorCode } from '../net/error-message.js';
import { earlierValues } from './earlier-values.js';

/**
 * Settings in /proc/sys that this process has changed, and how many of its parts need them so. A part that comes later
 * finds the value as it wants it; the first one that goes must not take it away.
 */
const holders = new Map<string, number>();

/**
 * Lets go of a setting; the last one to do so restores its value. Harmless afterwards.
 * @param isLeft it stays as it is, for the next daemon
 */
export type ReleaseSetting = (isLeft?: boolean) => void;

/**
 * Changes a setting to a value, and keeps it so until it is released.
 * @param from only if it has this value; undefined: whatever it has
 * @returns undefined: it is not there, or has another value that is not Fairlead's doing, or has the wanted one already
 * @throws the system's error where that cannot be written
 */
export function holdSetting(path: string, from: string | undefined, to: string): ReleaseSetting | undefined {
  const value = readSettingAt(path);
  if (value === undefined) return undefined;
  const count = holders.get(path) ?? 0;
  const isHeld = count > 0;
  const isLeft = !isHeld && value === to && earlierValues.of(path) !== undefined;
  const isToChange = value !== to && (from === undefined || value === from);
  if (!isHeld && !isLeft && !isToChange) return undefined;
  if (isToChange) {
    if (!isHeld) earlierValues.note(path, value);
    writeFileSync(path, to);
  }
  holders.set(path, count + 1);
  let isReleased = false;
  return (isToStay = false) => {
    if (isReleased) return;
    isReleased = true;
    const rest = (holders.get(path) ?? 1) - 1;
    if (rest > 0) holders.set(path, rest);
    else holders.delete(path);
    if (rest === 0 && !isToStay) restore(path);
  };
}

/**
 * Restores what a daemon before this one has changed and left, and no part of this one holds.
 * @param folder nothing else is written to, whatever the file of earlier values says
 * @returns what could not be written, with the system's error
 */
export function restoreLeftSettings(folder = '/proc/sys/net/'): readonly string[] {
  const faults: string[] = [];
  for (const path of earlierValues.names())
    if (path.startsWith(folder) && !path.includes('..') && !holders.has(path))
      try {
        restore(path);
      } catch (error) {
        faults.push(`${path} (${errorCode(error)})`);
      }
  return faults;
}

/** Its content without white space; undefined if it cannot be read. */
export function readSettingAt(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}

function restore(path: string): void {
  const earlier = earlierValues.of(path);
  // An interface takes its settings with it.
  if (earlier !== undefined && existsSync(path)) writeFileSync(path, earlier);
  earlierValues.forget(path);
}
