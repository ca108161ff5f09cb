import { parseDuration } from '../net/duration.js';
import { readSignal } from '../net/signals.js';
import { nearest } from '../text/nearest.js';
import type { HclEntry, HclObject, HclValue } from './hcl.js';
import type { Command } from './command.js';

/** What is wrong with a configuration of consul-template's: one line, with its place. */
export class ConsulTemplateFault extends Error {
  override name = 'ConsulTemplateFault';
}

/** What becomes of each key of a block. */
export type Readers = Readonly<Record<string, (value: HclValue, entry: HclEntry) => void>>;

/** Reads the values of a document in HCL, or says at which line they are not what they must be. */
export class HclReader {
  readonly #file: string;

  /** @param file as errors name it */
  constructor(file: string) {
    this.#file = file;
  }

  /** `file:12` */
  place(line: number): string {
    return `${this.#file}:${line}`;
  }

  /** @throws ConsulTemplateFault */
  fail(entry: HclEntry, problem: string): never {
    throw new ConsulTemplateFault(`${this.#file}:${entry.line}: ${problem}`);
  }

  each(object: HclObject, where: string, readers: Readers): void {
    for (const entry of object.entries) {
      const reader = Object.hasOwn(readers, entry.key) ? readers[entry.key] : undefined;
      if (reader === undefined) {
        const near = nearest(entry.key, Object.keys(readers));
        this.fail(
          entry,
          `unknown key ${where === '' ? '' : `${where}.`}${entry.key}${near === undefined ? '' : `; did you mean ${near}?`}`,
        );
      }
      reader(entry.value, entry);
    }
  }

  block(value: HclValue, entry: HclEntry): HclObject {
    if (typeof value === 'object' && !Array.isArray(value)) return value;
    if (Array.isArray(value) && value.length === 1 && value[0] !== undefined)
      return this.block(value[0], entry);
    return this.fail(entry, `${entry.key} must be a block, such as ${entry.key} { ... }`);
  }

  text(value: HclValue, entry: HclEntry): string {
    if (typeof value === 'string') return value;
    return typeof value === 'number'
      ? String(value)
      : this.fail(entry, `${entry.key} must be a text in quotes`);
  }

  boolean(value: HclValue, entry: HclEntry): boolean {
    if (typeof value === 'boolean') return value;
    return this.fail(entry, `${entry.key} must be true or false`);
  }

  /** A whole number, 0 or more. */
  count(value: HclValue, entry: HclEntry): number {
    const text = this.text(value, entry);
    return /^\d+$/.test(text) ? Number(text) : this.fail(entry, `${entry.key} must be a whole number`);
  }

  duration(value: HclValue, entry: HclEntry): number {
    return (
      parseDuration(this.text(value, entry)) ??
      this.fail(entry, `${entry.key} must be a duration, such as "30s"`)
    );
  }

  signal(value: HclValue, entry: HclEntry): NodeJS.Signals {
    return (
      readSignal(this.text(value, entry)) ??
      this.fail(entry, `${entry.key} must be a signal, such as "SIGHUP"`)
    );
  }

  command(value: HclValue, entry: HclEntry): Command {
    if (!Array.isArray(value)) return this.text(value, entry);
    const parts = value.map((part) => this.text(part, entry));
    // consul-template has the shell run a list of one.
    return parts.length === 1 ? (parts[0] ?? '') : parts;
  }

  texts(value: HclValue, entry: HclEntry): string[] {
    return Array.isArray(value) ? value.map((each) => this.text(each, entry)) : [this.text(value, entry)];
  }

  mode(value: HclValue, entry: HclEntry): number {
    const text = this.text(value, entry);
    return /^[0-7]{3,4}$/.test(text)
      ? Number.parseInt(text, 8)
      : this.fail(entry, 'perms must be octal digits, such as 0644');
  }
}
