import { nft, type NftOutcome } from './nft.js';
import { elementBatch, type NetlinkBatch } from './nft-element-batch.js';
import { openNftNetlink, type NftNetlink } from './nft-netlink.js';
import { NftShell } from './nft-shell.js';
import {
  changesOf,
  differenceOf,
  hasName,
  removalOf,
  setOf,
  wholeTable,
  type ElementChanges,
  type NftChanges,
  type NftDifference,
  type NftNames,
  type NftPart,
  type NftSet,
  type NftTable,
} from './nft-table.js';

/** Longer lines are handed over in a file: the shell reads them slowly. */
const LONGEST_LINE = 100_000;
/** How long what is not used any more stays; see {@link NftNames}. */
const UNUSED_MS = 1000;
const STAMPS = 2 ** 31;

/** The part of `NftShell` that a writer needs. */
export type NftRunner = Pick<NftShell, 'run' | 'close'>;
/** The part of `NftNetlink` that a writer needs. */
export type NftElements = Pick<NftNetlink, 'run' | 'close'>;

export interface NftWriterOptions {
  /** Replaces a table. */
  readonly load?: (script: string) => Promise<NftOutcome>;
  /** Carries out a transaction. */
  readonly shell?: NftRunner;
  /**
   * Opens what carries out transactions about elements alone; undefined: the shell does. By default it is the kernel
   * itself, unless there is another shell.
   */
  readonly netlink?: () => Promise<NftElements | undefined>;
}

/**
 * Writes a table of nft(8): the whole of it at first and after any error, and only what has changed after that. Each
 * write is one transaction. Calls must not overlap.
 *
 * The most frequent changes are those of elements alone. They go to the kernel directly: nft would first read the names
 * of all chains, which takes 15 ms where there are 10,000 services.
 */
export class NftWriter {
  readonly #load: (script: string) => Promise<NftOutcome>;
  readonly #shell: NftRunner;
  readonly #openNetlink: () => Promise<NftElements | undefined>;
  #netlink: NftElements | undefined;
  /** What the kernel has; undefined: that is not known. */
  #written: NftTable | undefined;
  #unused: NftNames = { chains: [], sets: [] };
  #sweepTimer: NodeJS.Timeout | undefined;
  readonly #firstStamp = Math.floor(Math.random() * (STAMPS / 2));
  #stamp = this.#firstStamp;
  #busy: Promise<unknown> = Promise.resolve();
  /** How often {@link forget} was called. */
  #forgotten = 0;

  constructor({ load = (script) => nft(['-f', '-'], script), shell, netlink }: NftWriterOptions = {}) {
    this.#load = load;
    this.#shell = shell ?? new NftShell();
    this.#openNetlink = netlink ?? (shell ? () => Promise.resolve(undefined) : openNftNetlink);
  }

  /**
   * @param difference from the table of the write before; undefined: the writer compares all parts, which must then be
   *   another map than that one's
   * @throws Error with the reason of nft, in one line; the kernel then has what it had
   */
  write(table: NftTable, difference?: NftDifference): Promise<void> {
    return this.#enqueue(() => this.#write(table, difference));
  }

  /** The kernel may have something else: the next write replaces everything, even if one is under way. */
  forget(): void {
    this.#forgotten += 1;
    this.#written = undefined;
    this.#unused = { chains: [], sets: [] };
    clearTimeout(this.#sweepTimer);
  }

  /** Whether this writer has put a number into the set `stamp`, with which it signs each transaction. */
  isOurs(stamp: number): boolean {
    return stamp > this.#firstStamp && stamp <= this.#stamp;
  }

  /** Deletes what is not used any more. */
  sweep(): Promise<void> {
    return this.#enqueue(async () => {
      clearTimeout(this.#sweepTimer);
      const table = this.#written;
      if (!table) return;
      const { chains, sets } = this.#unused;
      this.#unused = { chains: [], sets: [] };
      // What is used again stays.
      const commands = removalOf(table, {
        chains: chains.filter((name) => !hasName(table, 'chains', name)),
        sets: sets.filter(([, name]) => !hasName(table, 'sets', name)),
      });
      if (commands.length === 0) return;
      const outcome = await this.#transact(table, { commands });
      if (!outcome.ok) this.forget();
    });
  }

  close(): void {
    this.forget();
    this.#shell.close();
    this.#netlink?.close();
    this.#netlink = undefined;
  }

  async #write(table: NftTable, difference?: NftDifference): Promise<void> {
    const before = this.#written;
    let forgotten = this.#forgotten;
    if (before && isSameTable(before, table)) {
      const changes = changesOf(difference ?? differenceOf(before, table), table);
      // A stamp alone would not be worth a transaction.
      const outcome = changes.commands.length === 0 ? DONE : await this.#transact(table, changes);
      if (outcome.ok) {
        if (forgotten !== this.#forgotten) return;
        this.#written = table;
        this.#throwAway(changes.unused);
        return;
      }
    }
    this.forget();
    forgotten = this.#forgotten;
    const outcome = await this.#load(wholeTable(this.#signed(table)));
    if (!outcome.ok) throw new Error(outcome.why);
    if (forgotten === this.#forgotten) this.#written = table;
  }

  /** Carries out changes, and puts the next stamp in the place of the last one. */
  async #transact(
    table: NftTable,
    { commands, elements }: Pick<NftChanges, 'commands' | 'elements'>,
  ): Promise<NftOutcome> {
    const [last, next] = [String(this.#stamp), String(++this.#stamp)];
    if (elements) {
      const signed: ElementChanges = {
        removed: [...elements.removed, [STAMP, [last]]],
        added: [...elements.added, [STAMP, [[next, '']]]],
      };
      const outcome = await this.#transactElements(table, signed);
      if (outcome?.ok) return outcome;
    }
    const set = `${table.family} ${table.name} ${STAMP}`;
    const all = [...commands, `delete element ${set} { ${last} }`, `add element ${set} { ${next} }`];
    const line = all.join('; ');
    return line.length > LONGEST_LINE ? this.#load(`${all.join('\n')}\n`) : this.#shell.run(line);
  }

  /** @returns undefined where nft has to do it */
  async #transactElements(table: NftTable, elements: ElementChanges): Promise<NftOutcome | undefined> {
    this.#netlink ??= await this.#openNetlink();
    if (!this.#netlink) return undefined;
    const batch = batchOf(table, elements);
    return batch && this.#netlink.run(batch);
  }

  /** A table to be written whole, with the next stamp. */
  #signed(table: NftTable): NftTable {
    const part: NftPart = {
      sets: new Map([[STAMP, STAMP_SET]]),
      members: new Map([[STAMP, new Map([[String(++this.#stamp), '']])]]),
    };
    return { ...table, parts: new Map([...table.parts, [STAMP, part]]) };
  }

  #throwAway({ chains, sets }: NftNames): void {
    if (chains.length + sets.length === 0) return;
    // One that was used again meanwhile is there once only.
    const kinds = new Map([...this.#unused.sets, ...sets].map(([kind, name]) => [name, kind]));
    this.#unused = {
      chains: [...new Set([...this.#unused.chains, ...chains])],
      sets: Array.from(kinds, ([name, kind]) => [kind, name] as const),
    };
    clearTimeout(this.#sweepTimer);
    this.#sweepTimer = setTimeout(() => void this.sweep(), UNUSED_MS).unref();
  }

  #enqueue<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#busy.then(work);
    this.#busy = done.catch(() => undefined);
    return done;
  }
}

/** The name of the set with the number of the last transaction, and of its part. */
const STAMP = 'stamp';
const STAMP_SET: NftSet = { kind: 'set', statements: ['type mark'] };
const DONE: NftOutcome = { ok: true, output: '' };

/** @returns undefined for what only nft writes, or says what is wrong with */
function batchOf(table: NftTable, elements: ElementChanges): NetlinkBatch | undefined {
  try {
    return elementBatch(table, elements, (name) => (name === STAMP ? STAMP_SET : setOf(table, name)));
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function isSameTable(one: NftTable, other: NftTable): boolean {
  return one.family === other.family && one.name === other.name;
}
