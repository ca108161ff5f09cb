import { watch, type FSWatcher } from 'node:fs';
import { basename, dirname } from 'node:path';
import { errorCode } from '../net/error-message.js';
import { adoptedText, originalOf, type Wanted } from './resolv-conf.js';
import { readResolvFile, writeResolvFile } from './resolv-file.js';

/** If something rewrites a running container's file more often than this within the time below, Fairlead gives up. */
const MOST_RESTORES = 5;
const QUARREL_MS = 10_000;

/** The content of the file as last seen. */
export interface Seen {
  /** What Docker last wrote. Undefined if there is no file, or the engine is about to write it. */
  readonly original: string | undefined;
  /** Whether our text is in place. */
  readonly isOurs: boolean;
}

/**
 * One container's resolv.conf: watched, read and written. The engine writes it at every start, 100 to 200 ms before the
 * container's first instruction. A watch on its folder reports that within a millisecond. The watch is fs.watch, which
 * is inotify on Linux, sees writes in place and needs no native code.
 */
export class AdoptedContainer {
  readonly path: string;
  readonly #changed: () => void;
  readonly #now: () => number;
  #watcher: FSWatcher | undefined;
  #original: string | undefined;
  #isOurs = false;
  #restores: number[] = [];
  #isContested = false;
  /** Why the file cannot be read or written. */
  #fault: string | undefined;

  /** @param changed called when the file may have changed */
  constructor(path: string, changed: () => void, now: () => number) {
    this.path = path;
    this.#changed = changed;
    this.#now = now;
  }

  get fault(): string | undefined {
    return this.#fault;
  }

  get isContested(): boolean {
    return this.#isContested;
  }

  get isOurs(): boolean {
    return this.#isOurs;
  }

  get original(): string | undefined {
    return this.#original;
  }

  /** @param isRunning whether the engine has finished with the file, so that changes come from the container */
  look(isRunning: boolean): Seen {
    this.#follow();
    const text = this.#safely(() => readResolvFile(this.path));
    // A running container always has a file, so this process cannot see it.
    if (text === undefined && isRunning) this.#fault ??= 'ENOENT';
    if (text === undefined || text === '') return { original: undefined, isOurs: false };
    const kept = originalOf(text);
    const wasOurs = this.#isOurs;
    this.#isOurs = kept !== undefined;
    if (kept !== undefined) this.#original = kept;
    else if (!(wasOurs && isRunning)) this.#original = text;
    else this.#noteRestore();
    return { original: this.#original, isOurs: this.#isOurs };
  }

  /** Puts our text in place unless it is already there. @returns whether the file was written */
  adopt(wanted: Wanted): boolean {
    return this.#put((original) => adoptedText(original, wanted), true);
  }

  /** Restores Docker's text byte for byte. @returns whether the file was written */
  release(): boolean {
    return this.#isOurs && this.#put((original) => original, false);
  }

  /** Call this at a new start: the program that rewrote the previous file is gone. */
  restart(): void {
    this.#restores = [];
    this.#isContested = false;
    this.#isOurs = false;
  }

  close(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  #put(textOf: (original: string) => string, isOurs: boolean): boolean {
    const original = this.#original;
    if (original === undefined) return false;
    return (
      this.#safely(() => {
        const there = readResolvFile(this.path);
        const text = textOf(original);
        // The engine is writing an empty file; the watch will call again.
        if (there === undefined || there === '' || there === text) return false;
        writeResolvFile(this.path, text, there);
        this.#isOurs = isOurs;
        return true;
      }) ?? false
    );
  }

  #noteRestore(): void {
    const now = this.#now();
    this.#restores = [...this.#restores.filter((at) => now - at < QUARREL_MS), now];
    if (this.#restores.length > MOST_RESTORES) this.#isContested = true;
  }

  #follow(): void {
    if (this.#watcher) return;
    const name = basename(this.path);
    try {
      const watcher = watch(dirname(this.path), { persistent: false }, (_event, file) => {
        if (file === null || file === name) this.#changed();
      });
      watcher.on('error', () => this.close());
      this.#watcher = watcher;
    } catch (error) {
      this.#fault = errorCode(error);
    }
  }

  #safely<T>(work: () => T): T | undefined {
    try {
      const value = work();
      this.#fault = undefined;
      return value;
    } catch (error) {
      this.#fault = errorCode(error);
      return undefined;
    }
  }
}
