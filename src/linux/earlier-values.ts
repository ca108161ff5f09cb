import { mkdirSync, readFileSync, readlinkSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * What settings of the host were before Fairlead changed them. A daemon that ends may leave its changes, because the
 * kernel goes on with what they are for, and one that is killed leaves them too. So they are kept in a file: the next
 * daemon knows them, and restores them when they are not needed any more.
 */
export class EarlierValues {
  readonly #whereAndWhen: () => string;
  #file: string | undefined;
  #values: ReadonlyMap<string, string> = new Map();

  /** @param whereAndWhen names the kernel that has the settings; with another one, what a file says is void */
  constructor(whereAndWhen = thisNamespaceSinceBoot) {
    this.#whereAndWhen = whereAndWhen;
  }

  /** Has them kept in a file from now on, together with what is in it already. Never throws. */
  keepIn(file: string): void {
    if (this.#file === file) return;
    this.#file = file;
    const own = this.#values;
    this.#read();
    if (own.size > 0) this.#change((values) => own.forEach((value, name) => values.set(name, value)));
  }

  /** The value before Fairlead changed it; undefined: it has not. */
  of(name: string): string | undefined {
    return this.#values.get(name);
  }

  names(): readonly string[] {
    return [...this.#values.keys()];
  }

  /** To be called before the change: if the process is killed in between, the value is restored to what it is. */
  note(name: string, value: string): void {
    if (this.#values.get(name) !== value) this.#change((values) => values.set(name, value));
  }

  /** It has its earlier value again. */
  forget(name: string): void {
    if (this.#values.has(name)) this.#change((values) => values.delete(name));
  }

  /** On what the file says now: the daemon before this one may have written since. */
  #change(apply: (values: Map<string, string>) => void): void {
    this.#read();
    const values = new Map(this.#values);
    apply(values);
    this.#values = values;
    if (this.#file === undefined) return;
    try {
      const temporary = `${this.#file}.${process.pid}.tmp`;
      mkdirSync(dirname(this.#file), { recursive: true, mode: 0o750 });
      const text = JSON.stringify({ of: this.#whereAndWhen(), values: Object.fromEntries(values) }, null, 2);
      writeFileSync(temporary, `${text}\n`, { mode: 0o600 });
      // Without a flush: the settings do not outlive a power failure either.
      renameSync(temporary, this.#file);
    } catch {
      // The state keeper reports a directory that cannot be written.
    }
  }

  #read(): void {
    if (this.#file === undefined) return;
    try {
      const said = JSON.parse(readFileSync(this.#file, 'utf8')) as { of: unknown; values: object };
      if (said.of !== this.#whereAndWhen()) this.#values = new Map();
      else this.#values = new Map(Object.entries(said.values).map(([name, value]) => [name, String(value)]));
    } catch {
      // There is none yet, or another program has spoiled it: what this process knows counts.
    }
  }
}

/** Those of this process. */
export const earlierValues = new EarlierValues();

/** Settings of the network are those of a namespace, and begin again with the kernel. */
function thisNamespaceSinceBoot(): string {
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return `${boot} ${readlinkSync('/proc/thread-self/ns/net')}`;
}
