import { parseDuration } from '../net/duration.js';
import { nearest } from '../text/nearest.js';
import { HclError, parseHcl, type HclEntry, type HclObject, type HclValue } from './hcl.js';
import type { Wait } from './quiescence.js';
import type { Command } from './run-command.js';
import type { Target } from './target.js';

/** What a run of `fairlead render` is asked for, by flags or by a file of consul-template's. */
export interface RenderRequest {
  targets: Target[];
  consulAddress?: string;
  consulToken?: string;
  retryAttempts?: number;
  once?: boolean;
  wait?: Wait;
  exec?: ExecRequest;
  reloadSignal?: NodeJS.Signals;
  killSignal?: NodeJS.Signals;
}

export interface ExecRequest {
  command: Command;
  reloadSignal?: NodeJS.Signals;
  killSignal?: NodeJS.Signals;
  killTimeoutMs?: number;
  splayMs?: number;
}

/** What is wrong with a configuration of consul-template's: one line, with its place. */
export class ConsulTemplateFault extends Error {
  override name = 'ConsulTemplateFault';
}

export const NO_WAIT: Wait = { min: 0, max: 0 };

/** What a template has that says nothing else. */
export function plainTarget(source: Target['source'], destination: string, wait: Wait): Target {
  return {
    source,
    destination,
    errorOnMissingKey: false,
    minInstances: 0,
    wait,
    createDirectories: true,
    backup: false,
    commandTimeoutMs: 30_000,
    deniedFunctions: [],
  };
}

/** `min` or `min:max`; the second is four times the first when it is not given. */
export function parseWait(text: string): Wait | undefined {
  const [first = '', second] = text.split(':');
  const min = parseDuration(first);
  const max = second === undefined ? (min ?? 0) * 4 : parseDuration(second);
  return min === undefined || max === undefined || max < min ? undefined : { min, max };
}

type Readers = Readonly<Record<string, (value: HclValue, entry: HclEntry) => void>>;

/**
 * Reads a configuration of consul-template's, in HCL or JSON. What Fairlead does in its own way (logging, deduplication)
 * is passed over; what it cannot do, and unknown keys, are errors.
 * @param resolvePath makes a path of the file absolute
 * @throws ConsulTemplateFault
 */
export function readConsulTemplateConfig(
  text: string,
  file: string,
  resolvePath: (path: string) => string,
): RenderRequest {
  const reader = new ConfigReader(file, resolvePath);
  let document: HclObject;
  try {
    document = parseHcl(text);
  } catch (error) {
    if (error instanceof HclError) throw new ConsulTemplateFault(`${file}:${error.line}: ${error.message}`);
    throw error;
  }
  return reader.request(document);
}

const PASSED_OVER: ReadonlySet<string> = new Set([
  'max_stale',
  'block_query_wait',
  'log_level',
  'log_file',
  'syslog',
  'pid_file',
  'deduplicate',
  'parse_only',
  'template_error_fatal',
  'err_on_failed_lookup',
]);

class ConfigReader {
  readonly #file: string;
  readonly #resolve: (path: string) => string;

  constructor(file: string, resolvePath: (path: string) => string) {
    this.#file = file;
    this.#resolve = resolvePath;
  }

  request(document: HclObject): RenderRequest {
    const request: RenderRequest = { targets: [] };
    let delimiters = { left: '', right: '' };
    const blocks: HclObject[] = [];
    this.#each(document, '', {
      consul: (value, entry) => this.#consul(this.#block(value, entry), request),
      template: (value, entry) => {
        for (const each of Array.isArray(value) ? value : [value]) blocks.push(this.#block(each, entry));
      },
      exec: (value, entry) => {
        request.exec = this.#exec(this.#block(value, entry));
      },
      default_delimiters: (value, entry) => {
        this.#each(this.#block(value, entry), 'default_delimiters', {
          left: (left, at) => (delimiters = { ...delimiters, left: this.#text(left, at) }),
          right: (right, at) => (delimiters = { ...delimiters, right: this.#text(right, at) }),
        });
      },
      wait: (value, entry) => {
        request.wait = this.#wait(value, entry);
      },
      once: (value, entry) => {
        request.once = this.#boolean(value, entry);
      },
      reload_signal: (value, entry) => {
        request.reloadSignal = this.#signal(value, entry);
      },
      kill_signal: (value, entry) => {
        request.killSignal = this.#signal(value, entry);
      },
      ...Object.fromEntries([...PASSED_OVER].map((key) => [key, () => undefined])),
      vault: (_, entry) => this.#fail(entry, 'Vault is not supported: render secrets with another tool'),
      nomad: (_, entry) => this.#fail(entry, 'Nomad is not supported'),
    });
    const wait = request.wait ?? NO_WAIT;
    request.targets = blocks.map((block) => this.#target(block, wait, delimiters));
    return request;
  }

  #fail(entry: HclEntry, problem: string): never {
    throw new ConsulTemplateFault(`${this.#file}:${entry.line}: ${problem}`);
  }

  #each(object: HclObject, where: string, readers: Readers): void {
    for (const entry of object.entries) {
      const reader = Object.hasOwn(readers, entry.key) ? readers[entry.key] : undefined;
      if (reader === undefined) {
        const near = nearest(entry.key, Object.keys(readers));
        this.#fail(
          entry,
          `unknown key ${where === '' ? '' : `${where}.`}${entry.key}${near === undefined ? '' : `; did you mean ${near}?`}`,
        );
      }
      reader(entry.value, entry);
    }
  }

  #block(value: HclValue, entry: HclEntry): HclObject {
    if (typeof value === 'object' && !Array.isArray(value)) return value;
    if (Array.isArray(value) && value.length === 1 && value[0] !== undefined)
      return this.#block(value[0], entry);
    return this.#fail(entry, `${entry.key} must be a block, such as ${entry.key} { ... }`);
  }

  #text(value: HclValue, entry: HclEntry): string {
    if (typeof value === 'string') return value;
    return typeof value === 'number'
      ? String(value)
      : this.#fail(entry, `${entry.key} must be a text in quotes`);
  }

  #boolean(value: HclValue, entry: HclEntry): boolean {
    if (typeof value === 'boolean') return value;
    return this.#fail(entry, `${entry.key} must be true or false`);
  }

  #duration(value: HclValue, entry: HclEntry): number {
    return (
      parseDuration(this.#text(value, entry)) ??
      this.#fail(entry, `${entry.key} must be a duration, such as "30s"`)
    );
  }

  #signal(value: HclValue, entry: HclEntry): NodeJS.Signals {
    return (
      readSignal(this.#text(value, entry)) ??
      this.#fail(entry, `${entry.key} must be a signal, such as "SIGHUP"`)
    );
  }

  #command(value: HclValue, entry: HclEntry): Command {
    if (!Array.isArray(value)) return this.#text(value, entry);
    const parts = value.map((part) => this.#text(part, entry));
    // consul-template has the shell run a list of one.
    return parts.length === 1 ? (parts[0] ?? '') : parts;
  }

  #wait(value: HclValue, entry: HclEntry): Wait {
    if (typeof value === 'string') {
      return parseWait(value) ?? this.#fail(entry, 'wait must be "min" or "min:max", such as "5s:10s"');
    }
    const given: { min?: number; max?: number; off?: boolean } = {};
    const onOff = (each: HclValue, at: HclEntry) => (given.off = !this.#boolean(each, at));
    this.#each(this.#block(value, entry), 'wait', {
      min: (each, at) => (given.min = this.#duration(each, at)),
      max: (each, at) => (given.max = this.#duration(each, at)),
      bool: onOff,
      enabled: onOff,
    });
    if (given.off === true || given.min === undefined) return NO_WAIT;
    return { min: given.min, max: given.max ?? given.min * 4 };
  }

  #consul(block: HclObject, request: RenderRequest): void {
    const passed = () => undefined;
    this.#each(block, 'consul', {
      address: (value, entry) => (request.consulAddress = this.#text(value, entry)),
      token: (value, entry) => (request.consulToken = this.#text(value, entry)),
      retry: (value, entry) =>
        this.#each(this.#block(value, entry), 'consul.retry', {
          attempts: (each) => (request.retryAttempts = Number(each)),
          enabled: (each, at) => {
            if (!this.#boolean(each, at)) request.retryAttempts = 1;
          },
          backoff: passed,
          max_backoff: passed,
        }),
      namespace: passed,
      transport: passed,
      auth: (_, entry) => this.#fail(entry, 'consul.auth is not supported: use a token'),
      ssl: (_, entry) =>
        this.#fail(
          entry,
          'consul.ssl is not supported: give an https:// address, and NODE_EXTRA_CA_CERTS for a CA of your own',
        ),
    });
  }

  #exec(block: HclObject): ExecRequest {
    const exec: ExecRequest = { command: '' };
    this.#each(block, 'exec', {
      command: (value, entry) => (exec.command = this.#command(value, entry)),
      reload_signal: (value, entry) => (exec.reloadSignal = this.#signal(value, entry)),
      kill_signal: (value, entry) => (exec.killSignal = this.#signal(value, entry)),
      kill_timeout: (value, entry) => (exec.killTimeoutMs = this.#duration(value, entry)),
      splay: (value, entry) => (exec.splayMs = this.#duration(value, entry)),
      timeout: () => undefined,
      enabled: () => undefined,
      env: () => undefined,
    });
    return exec;
  }

  #target(block: HclObject, wait: Wait, delimiters: { left: string; right: string }): Target {
    const target = plainTarget({ text: '', name: '' }, '', wait);
    let source: Target['source'] | undefined;
    let own = delimiters;
    const line = block.entries[0]?.line ?? 1;
    this.#each(block, 'template', {
      source: (value, entry) => (source = { file: this.#resolve(this.#text(value, entry)) }),
      contents: (value, entry) =>
        (source = { text: this.#text(value, entry), name: `${this.#file}:${entry.line}` }),
      destination: (value, entry) => (target.destination = this.#resolve(this.#text(value, entry))),
      create_dest_dirs: (value, entry) => (target.createDirectories = this.#boolean(value, entry)),
      perms: (value, entry) => (target.mode = this.#mode(value, entry)),
      user: (value, entry) => (target.user = this.#text(value, entry)),
      group: (value, entry) => (target.group = this.#text(value, entry)),
      uid: (value, entry) => (target.user = this.#text(value, entry)),
      gid: (value, entry) => (target.group = this.#text(value, entry)),
      backup: (value, entry) => (target.backup = this.#boolean(value, entry)),
      command: (value, entry) => (target.command = this.#command(value, entry)),
      command_timeout: (value, entry) => (target.commandTimeoutMs = this.#duration(value, entry)),
      check: (value, entry) => (target.check = this.#command(value, entry)),
      min_instances: (value) => (target.minInstances = Number(value)),
      exec: (value, entry) =>
        this.#each(this.#block(value, entry), 'template.exec', {
          command: (each, at) => (target.command = this.#command(each, at)),
          timeout: (each, at) => (target.commandTimeoutMs = this.#duration(each, at)),
        }),
      wait: (value, entry) => (target.wait = this.#wait(value, entry)),
      error_on_missing_key: (value, entry) => (target.errorOnMissingKey = this.#boolean(value, entry)),
      error_fatal: () => undefined,
      left_delimiter: (value, entry) => (own = { ...own, left: this.#text(value, entry) }),
      right_delimiter: (value, entry) => (own = { ...own, right: this.#text(value, entry) }),
      function_denylist: (value, entry) => (target.deniedFunctions = this.#texts(value, entry)),
      function_blacklist: (value, entry) => (target.deniedFunctions = this.#texts(value, entry)),
      sandbox_path: (value, entry) => (target.sandbox = this.#resolve(this.#text(value, entry))),
    });
    if (source === undefined)
      throw new ConsulTemplateFault(`${this.#file}:${line}: a template needs source or contents`);
    if (target.destination === '')
      throw new ConsulTemplateFault(`${this.#file}:${line}: a template needs a destination`);
    return { ...target, source, delimiters: own };
  }

  #texts(value: HclValue, entry: HclEntry): string[] {
    return Array.isArray(value) ? value.map((each) => this.#text(each, entry)) : [this.#text(value, entry)];
  }

  #mode(value: HclValue, entry: HclEntry): number {
    const text = this.#text(value, entry);
    return /^[0-7]{3,4}$/.test(text)
      ? Number.parseInt(text, 8)
      : this.#fail(entry, 'perms must be octal digits, such as 0644');
  }
}

const SIGNALS: readonly NodeJS.Signals[] = [
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGUSR1',
  'SIGUSR2',
  'SIGTERM',
  'SIGWINCH',
  'SIGKILL',
];

/** A signal by its name, with or without `SIG`. */
export function readSignal(text: string): NodeJS.Signals | undefined {
  const name = text.toUpperCase();
  return SIGNALS.find((signal) => signal === name || signal === `SIG${name}`);
}
