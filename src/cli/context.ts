import { tmpdir } from 'node:os';
import type { GetOptions, SendOptions } from '../api/client.js';
import { daemonAddress, type DaemonAddress } from './address.js';
import { painter, type ColorMode, type Paint } from './format/style.js';
import type { Io } from './io.js';

/** Starts the daemon; resolves with the exit code when it has stopped. */
export type StartDaemon = (options: {
  readonly configPath?: string;
  readonly set: string[];
  readonly demo: 'auto' | 'always' | 'never';
  readonly takeOver: boolean;
}) => Promise<number>;

export type OptionValues = Readonly<Record<string, unknown>>;

/** What a command receives: its command line, its process, and access to the daemon. */
export class Context {
  readonly io: Io;
  readonly paint: Paint;
  readonly startDaemon: StartDaemon;
  readonly #arguments: readonly (string | undefined)[];
  readonly #options: OptionValues;
  #address: DaemonAddress | undefined;

  /** @param options as commander names them: `noTrunc` is `trunc: false` */
  constructor(
    io: Io,
    startDaemon: StartDaemon,
    args: readonly (string | undefined)[],
    options: OptionValues,
  ) {
    this.io = io;
    this.startDaemon = startDaemon;
    this.#arguments = args;
    this.#options = options;
    this.paint = painter((this.text('color') ?? 'auto') as ColorMode, io);
  }

  argument(index: number): string | undefined {
    return this.#arguments[index];
  }

  text(option: string): string | undefined {
    const value = this.#options[option];
    return typeof value === 'string' ? value : undefined;
  }

  texts(option: string): string[] {
    const value = this.#options[option];
    return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
  }

  /** A switch that is off by default. */
  on(option: string): boolean {
    return this.#options[option] === true;
  }

  /** A switch that is on by default; `--no-…` turns it off. */
  kept(option: string): boolean {
    return this.#options[option] !== false;
  }

  get address(): DaemonAddress {
    const flags = { addr: this.text('addr'), token: this.text('token'), ca: this.text('ca') };
    this.#address ??= daemonAddress(flags, {
      env: this.io.env,
      tmpdir: tmpdir(),
      uid: process.getuid?.(),
    });
    return this.#address;
  }

  /** Asks the daemon. @throws CliError with what to do */
  async get<T>(
    path: string,
    query: Readonly<Record<string, string | undefined>> = {},
    options: GetOptions = {},
  ): Promise<T> {
    const { getJson } = await import('../api/client.js');
    return this.#asked(getJson<T>(this.address.api, path, query, options));
  }

  /** Makes the daemon change something. @throws CliError with what to do */
  async send<T>(method: 'PUT' | 'POST' | 'DELETE', path: string, options: SendOptions = {}): Promise<T> {
    const { sendJson } = await import('../api/client.js');
    return this.#asked(sendJson<T>(this.address.api, method, path, options));
  }

  async #asked<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      const { daemonError } = await import('./daemon-error.js');
      throw daemonError(error, this.address);
    }
  }

  /** The number of columns that a table may take; undefined: no limit. */
  get width(): number | undefined {
    const { stdout, env } = this.io;
    if (!stdout.isTTY || !this.kept('trunc')) return undefined;
    const columns = Number(env['COLUMNS']) || stdout.columns;
    return columns !== undefined && columns > 0 ? columns : undefined;
  }

  print(text: string): void {
    this.io.stdout.write(text);
  }

  /** Prints text that is not data to stderr, unless `--quiet` is given. */
  notice(text: string): void {
    if (!this.on('quiet')) this.io.stderr.write(`${text}\n`);
  }
}
