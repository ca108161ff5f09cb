import { nft, type NftOutcome } from './nft.js';
import { NftShell } from './nft-shell.js';
import {
  changesOf,
  differenceOf,
  hasName,
  removalOf,
  wholeTable,
  type NftDifference,
  type NftNames,
  type NftPart,
  type NftTable,
} from './nft-table.js';

/** Longer lines are handed over in a file: the shell reads them slowly. */
const LONGEST_LINE = 100_000;
/** How long what is not used any more stays; see {@link NftNames}. */
const UNUSED_MS = 1000;
const STAMPS = 2 ** 31;

/** The part of `NftShell` that a writer needs. */
export type NftRunner = Pick<NftShell, 'run' | 'close'>;

export interface NftWriterOptions {
  /** Replaces a table. */
  readonly load?: (script: string) => Promise<NftOutcome>;
  /** Carries out a transaction. */
  readonly shell?: NftRunner;
}

/**
 * Writes a table of nft(8): the whole of it at first and after any error, and only what has changed after that. Each
 * write is one transaction. Calls must not overlap.
 */
export class NftWriter {
  readonly #load: (script: string) => Promise<NftOutcome>;
  readonly #shell: NftRunner;
  /** What the kernel has; undefined: that is not known. */
  #written: NftTable | undefined;
  #unused: NftNames = { chains: [], sets: [] };
  #sweepTimer: NodeJS.Timeout | undefined;
  readonly #firstStamp = Math.floor(Math.random() * (STAMPS / 2));
  #stamp = this.#firstStamp;
  #busy: Promise<unknown> = Promise.resolve();
  /** How often {@link forget} was called. */
  #forgotten = 0;

  constructor({
    load = (script) => nft(['-f', '-'], script),
    shell = new NftShell(),
  }: NftWriterOptions = {}) {
    this.#load = load;
    this.#shell = shell;
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
      const outcome = await this.#transact([...commands, ...this.#sign(table)]);
      if (!outcome.ok) this.forget();
    });
  }

  close(): void {
    this.forget();
    this.#shell.close();
  }

  async #write(table: NftTable, difference?: NftDifference): Promise<void> {
    const before = this.#written;
    let forgotten = this.#forgotten;
    if (before && isSameTable(before, table)) {
      const { commands, unused } = changesOf(difference ?? differenceOf(before, table), table);
      // A stamp alone would not be worth a transaction.
      const outcome =
        commands.length === 0 ? DONE : await this.#transact([...commands, ...this.#sign(table)]);
      if (outcome.ok) {
        if (forgotten !== this.#forgotten) return;
        this.#written = table;
        this.#throwAway(unused);
        return;
      }
    }
    this.forget();
    forgotten = this.#forgotten;
    const outcome = await this.#load(wholeTable(this.#signed(table)));
    if (!outcome.ok) throw new Error(outcome.why);
    if (forgotten === this.#forgotten) this.#written = table;
  }

  #transact(commands: readonly string[]): Promise<NftOutcome> {
    const line = commands.join('; ');
    return line.length > LONGEST_LINE ? this.#load(`${commands.join('\n')}\n`) : this.#shell.run(line);
  }

  /** A table to be written whole, with the next stamp. */
  #signed(table: NftTable): NftTable {
    const part: NftPart = {
      sets: new Map([[STAMP, { kind: 'set', statements: ['type mark'] }]]),
      members: new Map([[STAMP, new Map([[String(++this.#stamp), '']])]]),
    };
    return { ...table, parts: new Map([...table.parts, [STAMP, part]]) };
  }

  /** The commands that put the next stamp in the place of the last one. */
  #sign({ family, name }: NftTable): string[] {
    const set = `${family} ${name} ${STAMP}`;
    return [`delete element ${set} { ${this.#stamp} }`, `add element ${set} { ${++this.#stamp} }`];
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
const DONE: NftOutcome = { ok: true, output: '' };

function isSameTable(one: NftTable, other: NftTable): boolean {
  return one.family === other.family && one.name === other.name;
}
