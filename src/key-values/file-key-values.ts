import { createHash } from 'node:crypto';
import { readFile, readdir, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { KeyValuesAway, type KeyValue, type KeyValues, type KeyValueView } from '../catalog/key-values.js';
import { errorCode, errorMessage } from '../net/error-message.js';
import { fileFault } from '../text/file-fault.js';
import { storedText } from './stored-text.js';

/** Between two looks at the directory, in milliseconds. */
const LOOK_MS = 2000;
/** A file that changed so recently, in milliseconds, may change again without another time in its inode. */
const FRESH_MS = 1000;

interface Kept {
  readonly stamp: string;
  readonly pair: KeyValue;
}

/**
 * Keys from a directory: the file `shop/port` is the key `shop/port`. One newline at the end of a file, which editors
 * add, is not part of the value. Every file that is watched is looked at every two seconds.
 */
export class FileKeyValues implements KeyValues {
  readonly #root: string;
  readonly #lookMs: number;
  readonly #kept = new Map<string, Kept>();
  readonly #ends = new Set<() => void>();

  /** @param root absolute */
  constructor(root: string, lookMs = LOOK_MS) {
    this.#root = root;
    this.#lookMs = lookMs;
  }

  async get(key: string): Promise<KeyValue | undefined> {
    await this.#demand();
    return await this.#read(key);
  }

  async list(prefix: string): Promise<KeyValueView> {
    await this.#demand();
    const entries = await readdir(this.#root, { recursive: true, withFileTypes: true });
    const keys = entries
      .filter((entry) => !entry.isDirectory())
      .map((entry) => relative(this.#root, join(entry.parentPath, entry.name)).split(sep).join('/'))
      .filter((key) => key.startsWith(prefix))
      .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    const pairs: KeyValue[] = [];
    for (const key of keys) {
      const pair = await this.#read(key);
      if (pair !== undefined) pairs.push(pair);
    }
    const hash = createHash('sha1');
    for (const { key, revision } of pairs) hash.update(`${key}\n${revision}\n`);
    return { pairs, revision: hash.digest('hex') };
  }

  watch(prefix: string, onView: (view: KeyValueView) => void, onAway: (why: string) => void): () => void {
    let isEnded = false;
    let last: string | undefined;
    let timer: NodeJS.Timeout | undefined;
    const look = async () => {
      try {
        const view = await this.list(prefix);
        if (!isEnded && view.revision !== last) {
          last = view.revision;
          onView(view);
        }
      } catch (error) {
        if (!isEnded) onAway(errorMessage(error));
      }
      if (!isEnded) timer = setTimeout(() => void look(), this.#lookMs).unref();
    };
    const end = () => {
      isEnded = true;
      clearTimeout(timer);
      this.#ends.delete(end);
    };
    this.#ends.add(end);
    void look();
    return end;
  }

  /** Ends all watches. */
  close(): void {
    for (const end of [...this.#ends]) end();
  }

  /** @throws KeyValuesAway when the directory is not there */
  async #demand(): Promise<void> {
    try {
      if ((await stat(this.#root)).isDirectory()) return;
    } catch (error) {
      const why = ['ENOENT', 'ENOTDIR'].includes(errorCode(error))
        ? 'there is no such directory; make it, or name another one (render.keys)'
        : fileFault(error);
      throw new KeyValuesAway(`${this.#root}: ${why}`, { cause: error });
    }
    throw new KeyValuesAway(
      `${this.#root}: is not a directory; name the one that holds the keys (render.keys)`,
    );
  }

  /** A path that leads out of the directory is the key of nothing. */
  async #read(key: string): Promise<KeyValue | undefined> {
    const path = join(this.#root, key);
    if (key === '' || relative(this.#root, path).startsWith('..')) return undefined;
    try {
      const { mtimeMs, size, ino } = await stat(path);
      const stamp = `${mtimeMs} ${size} ${ino}`;
      const kept = this.#kept.get(key);
      // eslint-disable-next-line fairlead/wall-clock -- compared with the time of a file, which is the wall clock's
      if (kept?.stamp === stamp && Date.now() - mtimeMs > FRESH_MS) return kept.pair;
      const bytes = await readFile(path);
      const value = bytes.at(-1) === 10 ? bytes.subarray(0, -1) : bytes;
      const revision = createHash('sha1').update(value).digest('hex');
      const pair: KeyValue = { key, ...storedText(value), revision };
      this.#kept.set(key, { stamp, pair });
      return pair;
    } catch {
      // Gone, a directory, or not to be read: no such key.
      this.#kept.delete(key);
      return undefined;
    }
  }
}
