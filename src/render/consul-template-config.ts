import { readFileSync } from 'node:fs';
import { fileFault } from '../text/file-fault.js';
import type { EnvironmentSettings } from './child-environment.js';
import { HclError, parseHcl, type HclEntry, type HclObject, type HclValue } from './hcl.js';
import { ConsulTemplateFault, HclReader, type Readers } from './hcl-reader.js';
import { NO_WAIT, parseWait, type Wait } from './quiescence.js';
import type { ExecRequest } from './rendered-program.js';
import { plainTarget, type Target } from './template-target.js';

/** The input of `fairlead render`, from flags or from a configuration file of consul-template. */
export interface RenderRequest {
  targets: Target[];
  consulAddress?: string;
  consulToken?: string;
  /** `user:password` */
  consulAuth?: string;
  /** The directory of keys, absolute, where the daemon is asked. */
  keys?: string;
  pidFile?: string;
  /** Read the templates and run none. */
  parseOnly?: boolean;
  retryAttempts?: number;
  once?: boolean;
  wait?: Wait;
  exec?: ExecRequest;
  reloadSignal?: NodeJS.Signals;
  killSignal?: NodeJS.Signals;
}

/** A program of which only the command is known: consul-template's defaults. */
export const PLAIN_EXEC: ExecRequest = {
  command: [],
  killSignal: 'SIGINT',
  killTimeoutMs: 30_000,
  splayMs: 0,
  restart: 'give up',
};

/**
 * Reads a consul-template configuration, in HCL or JSON. Settings that Fairlead handles in its own way (logging,
 * deduplication) are ignored. Unsupported settings and unknown keys are errors.
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
  'deduplicate',
  'template_error_fatal',
  'err_on_failed_lookup',
]);

class ConfigReader {
  readonly #file: string;
  readonly #hcl: HclReader;
  readonly #resolve: (path: string) => string;

  constructor(file: string, resolvePath: (path: string) => string) {
    this.#file = file;
    this.#hcl = new HclReader(file);
    this.#resolve = resolvePath;
  }

  request(document: HclObject): RenderRequest {
    const request: RenderRequest = { targets: [] };
    let delimiters = { left: '', right: '' };
    const blocks: HclObject[] = [];
    this.#hcl.each(document, '', {
      consul: (value, entry) => this.#consul(this.#hcl.block(value, entry), request),
      template: (value, entry) => {
        for (const each of Array.isArray(value) ? value : [value]) blocks.push(this.#hcl.block(each, entry));
      },
      exec: (value, entry) => this.#exec(this.#hcl.block(value, entry), request),
      default_delimiters: (value, entry) => {
        this.#hcl.each(this.#hcl.block(value, entry), 'default_delimiters', {
          left: (left, at) => (delimiters = { ...delimiters, left: this.#hcl.text(left, at) }),
          right: (right, at) => (delimiters = { ...delimiters, right: this.#hcl.text(right, at) }),
        });
      },
      wait: (value, entry) => {
        request.wait = this.#wait(value, entry);
      },
      pid_file: (value, entry) => {
        request.pidFile = this.#resolve(this.#hcl.text(value, entry));
      },
      parse_only: (value, entry) => {
        request.parseOnly = this.#hcl.boolean(value, entry);
      },
      once: (value, entry) => {
        request.once = this.#hcl.boolean(value, entry);
      },
      reload_signal: (value, entry) => {
        request.reloadSignal = this.#hcl.signal(value, entry);
      },
      kill_signal: (value, entry) => {
        request.killSignal = this.#hcl.signal(value, entry);
      },
      ...Object.fromEntries([...PASSED_OVER].map((key) => [key, () => undefined])),
      vault: (_, entry) => this.#hcl.fail(entry, 'Vault is not supported: render secrets with another tool'),
      nomad: (_, entry) => this.#hcl.fail(entry, 'Nomad is not supported'),
    });
    const wait = request.wait ?? NO_WAIT;
    request.targets = blocks.map((block) => this.#target(block, wait, delimiters));
    return request;
  }

  #wait(value: HclValue, entry: HclEntry): Wait {
    if (typeof value === 'string') {
      return parseWait(value) ?? this.#hcl.fail(entry, 'wait must be "min" or "min:max", such as "5s:10s"');
    }
    const given: { min?: number; max?: number; off?: boolean } = {};
    const onOff = (each: HclValue, at: HclEntry) => (given.off = !this.#hcl.boolean(each, at));
    this.#hcl.each(this.#hcl.block(value, entry), 'wait', {
      min: (each, at) => (given.min = this.#hcl.duration(each, at)),
      max: (each, at) => (given.max = this.#hcl.duration(each, at)),
      bool: onOff,
      enabled: onOff,
    });
    if (given.off === true || given.min === undefined) return NO_WAIT;
    return { min: given.min, max: given.max ?? given.min * 4 };
  }

  #consul(block: HclObject, request: RenderRequest): void {
    const passed = () => undefined;
    this.#hcl.each(block, 'consul', {
      address: (value, entry) => (request.consulAddress = this.#hcl.text(value, entry)),
      token: (value, entry) => (request.consulToken = this.#hcl.text(value, entry)),
      retry: (value, entry) =>
        this.#hcl.each(this.#hcl.block(value, entry), 'consul.retry', {
          attempts: (each, at) => (request.retryAttempts = this.#hcl.count(each, at)),
          enabled: (each, at) => {
            if (!this.#hcl.boolean(each, at)) request.retryAttempts = 1;
          },
          backoff: passed,
          max_backoff: passed,
        }),
      namespace: passed,
      transport: passed,
      token_file: (value, entry) => (request.consulToken = this.#secret(value, entry)),
      auth: (value, entry) => this.#auth(this.#hcl.block(value, entry), request),
      ssl: (_, entry) =>
        this.#hcl.fail(
          entry,
          'consul.ssl is not supported: give an https:// address, and CONSUL_CACERT, CONSUL_CLIENT_CERT and CONSUL_CLIENT_KEY for certificates of your own',
        ),
    });
  }

  #auth(block: HclObject, request: RenderRequest): void {
    const given = { enabled: true, username: '', password: '' };
    this.#hcl.each(block, 'consul.auth', {
      enabled: (value, entry) => (given.enabled = this.#hcl.boolean(value, entry)),
      username: (value, entry) => (given.username = this.#hcl.text(value, entry)),
      password: (value, entry) => (given.password = this.#hcl.text(value, entry)),
    });
    if (given.enabled) request.consulAuth = `${given.username}:${given.password}`;
  }

  #secret(value: HclValue, entry: HclEntry): string {
    const file = this.#resolve(this.#hcl.text(value, entry));
    try {
      return readFileSync(file, 'utf8').trim();
    } catch (error) {
      return this.#hcl.fail(entry, `${file}: ${fileFault(error)}`);
    }
  }

  #exec(block: HclObject, request: RenderRequest): void {
    const exec: ExecRequest = { ...PLAIN_EXEC };
    const given = { enabled: true };
    this.#hcl.each(block, 'exec', {
      ...this.#execKeys(exec),
      // consul-template reads it and does nothing with it here.
      timeout: () => undefined,
      enabled: (value, entry) => (given.enabled = this.#hcl.boolean(value, entry)),
    });
    if (given.enabled && exec.command.length > 0) request.exec = exec;
  }

  #execKeys(exec: ExecRequest): Readers {
    return {
      command: (value, entry) => (exec.command = this.#hcl.command(value, entry)),
      reload_signal: (value, entry) => (exec.reloadSignal = this.#hcl.signal(value, entry)),
      kill_signal: (value, entry) => (exec.killSignal = this.#hcl.signal(value, entry)),
      kill_timeout: (value, entry) => (exec.killTimeoutMs = this.#hcl.duration(value, entry)),
      splay: (value, entry) => (exec.splayMs = this.#hcl.duration(value, entry)),
      env: (value, entry) => (exec.environment = this.#environment(this.#hcl.block(value, entry))),
    };
  }

  #environment(block: HclObject): EnvironmentSettings {
    const settings: { -readonly [Key in keyof EnvironmentSettings]: EnvironmentSettings[Key] } = {
      pristine: false,
      ...{ custom: [], allow: [], deny: [] },
    };
    const allow = (value: HclValue, entry: HclEntry) => (settings.allow = this.#hcl.texts(value, entry));
    const deny = (value: HclValue, entry: HclEntry) => (settings.deny = this.#hcl.texts(value, entry));
    this.#hcl.each(block, 'env', {
      pristine: (value, entry) => (settings.pristine = this.#hcl.boolean(value, entry)),
      custom: (value, entry) => (settings.custom = this.#hcl.texts(value, entry)),
      ...{ allowlist: allow, whitelist: allow, denylist: deny, blacklist: deny },
      enabled: () => undefined,
    });
    return settings;
  }

  #target(block: HclObject, wait: Wait, delimiters: { left: string; right: string }): Target {
    const target = plainTarget({ text: '', name: '' }, '', wait);
    let source: Target['source'] | undefined;
    let own = delimiters;
    const line = block.entries[0]?.line ?? 1;
    const passed = () => undefined;
    this.#hcl.each(block, 'template', {
      source: (value, entry) => (source = { file: this.#resolve(this.#hcl.text(value, entry)) }),
      contents: (value, entry) =>
        (source = { text: this.#hcl.text(value, entry), name: `${this.#file}:${entry.line}` }),
      destination: (value, entry) => (target.destination = this.#resolve(this.#hcl.text(value, entry))),
      create_dest_dirs: (value, entry) => (target.createDirectories = this.#hcl.boolean(value, entry)),
      perms: (value, entry) => (target.mode = this.#hcl.mode(value, entry)),
      user: (value, entry) => (target.user = this.#hcl.text(value, entry)),
      group: (value, entry) => (target.group = this.#hcl.text(value, entry)),
      uid: (value, entry) => (target.user = this.#hcl.text(value, entry)),
      gid: (value, entry) => (target.group = this.#hcl.text(value, entry)),
      backup: (value, entry) => (target.backup = this.#hcl.boolean(value, entry)),
      command: (value, entry) => (target.command = this.#hcl.command(value, entry)),
      command_timeout: (value, entry) => (target.commandTimeoutMs = this.#hcl.duration(value, entry)),
      check: (value, entry) => (target.check = this.#hcl.command(value, entry)),
      min_instances: (value, entry) => (target.minInstances = this.#hcl.count(value, entry)),
      exec: (value, entry) =>
        this.#hcl.each(this.#hcl.block(value, entry), 'template.exec', {
          command: (each, at) => (target.command = this.#hcl.command(each, at)),
          timeout: (each, at) => (target.commandTimeoutMs = this.#hcl.duration(each, at)),
          env: (each, at) => (target.environment = this.#environment(this.#hcl.block(each, at))),
          // These are about programs that go on running; a template's command does not.
          ...{ kill_signal: passed, kill_timeout: passed, reload_signal: passed, splay: passed },
          enabled: passed,
        }),
      wait: (value, entry) => (target.wait = this.#wait(value, entry)),
      error_on_missing_key: (value, entry) => (target.errorOnMissingKey = this.#hcl.boolean(value, entry)),
      error_fatal: () => undefined,
      left_delimiter: (value, entry) => (own = { ...own, left: this.#hcl.text(value, entry) }),
      right_delimiter: (value, entry) => (own = { ...own, right: this.#hcl.text(value, entry) }),
      function_denylist: (value, entry) => (target.deniedFunctions = this.#hcl.texts(value, entry)),
      function_blacklist: (value, entry) => (target.deniedFunctions = this.#hcl.texts(value, entry)),
      sandbox_path: (value, entry) => (target.sandbox = this.#resolve(this.#hcl.text(value, entry))),
    });
    const keys = block.entries.map(({ key }) => key);
    if (keys.includes('source') && keys.includes('contents'))
      throw new ConsulTemplateFault(`${this.#hcl.place(line)}: a template has source or contents, not both`);
    if (source === undefined)
      throw new ConsulTemplateFault(`${this.#hcl.place(line)}: a template needs source or contents`);
    if (target.destination === '')
      throw new ConsulTemplateFault(`${this.#hcl.place(line)}: a template needs a destination`);
    return { ...target, source, delimiters: own, origin: `${this.#file}:${line}` };
  }
}
