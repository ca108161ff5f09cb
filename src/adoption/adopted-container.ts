import { watch, type FSWatcher } from 'node:fs';
import { basename, dirname } from 'node:path';
import { adoptedText, originalOf, type Wanted } from './resolv-conf.js';
import { readResolvFile, writeResolvFile } from './resolv-file.js';

/** More rewrites than this of a running container's file within the time below are a quarrel that nobody wins. */
const MOST_RESTORES = 5;
const QUARREL_MS = 10_000;

/** What a look at the file found. */
export interface Seen {
  /** What Docker had written last; undefined: there is no file, or the engine is about to write it. */
  readonly original: string | undefined;
  /** Ours is in its place. */
  readonly isOurs: boolean;
}

/**
 * One container's resolv.conf: watched, read, and written. The engine writes it at every start, 100 to 200 ms before the
 * first instruction; a watch on its folder reports that within a millisecond (fs.watch, which is inotify on Linux; it
 * sees writes in place, and needs no native code).
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

  /** @param changed the file may hold something else */
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

  /** @param isRunning the engine is done with the file: what is new in it comes from the container */
  look(isRunning: boolean): Seen {
    this.#follow();
    const text = this.#safely(() => readResolvFile(this.path));
    // A container that runs has one, so this process cannot see it.
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

  /** Puts our text in place, if something else is there. @returns whether the file was written */
  adopt(wanted: Wanted): boolean {
    return this.#put((original) => adoptedText(original, wanted), true);
  }

  /** Puts Docker's text back, to the byte. @returns whether the file was written */
  release(): boolean {
    return this.#isOurs && this.#put((original) => original, false);
  }

  /** A new start: who quarrelled about the last one's file is gone. */
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
        // An empty file is being written by the engine, and the watch calls again.
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
      this.#fault = faultOf(error);
    }
  }

  #safely<T>(work: () => T): T | undefined {
    try {
      const value = work();
      this.#fault = undefined;
      return value;
    } catch (error) {
      this.#fault = faultOf(error);
      return undefined;
    }
  }
}

function faultOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
}
