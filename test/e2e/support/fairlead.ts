import type { ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import type { StatusJson } from '../../../src/api/types/status-json.js';
import type { CommandResult } from './command.js';
import { getOverSocket } from './http.js';
import type { Netns } from './netns.js';
import { until } from './poll.js';

const main = fileURLToPath(new URL('../../../dist/main.js', import.meta.url));

export interface FairleadOptions {
  /** The host's own address, for published ports and host-mode containers. */
  readonly hostAddress: string;
  readonly upstreams: readonly string[];
  readonly sources: {
    readonly docker?: { readonly socket: string };
    readonly file?: { readonly path: string };
  };
  /** Further sections of the configuration. */
  readonly sections?: Readonly<Record<string, unknown>>;
}

/** The daemon under test, as a user runs it: the built program, a configuration file, a state directory. */
export interface Fairlead {
  /**
   * Resolves when it says that it is ready; does nothing when it runs already.
   * @param flags further ones of `fairlead run`
   */
  start(flags?: readonly string[]): Promise<void>;
  /** Changes sections of the configuration file and reloads it; the flags of `fairlead run` still go before it. */
  reload(sections: Readonly<Record<string, unknown>>): Promise<void>;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL: nothing is saved on the way out. */
  crash(): Promise<void>;
  /** Starts a successor that takes over; resolves when it serves. @returns resolves with the exit code of the one before */
  takeOver(): Promise<{ readonly ended: Promise<number | null> }>;
  /** GET on the API, decoded. */
  api(path: string): Promise<unknown>;
  status(): Promise<StatusJson>;
  /** The command line, at this daemon. */
  cli(...args: readonly string[]): Promise<CommandResult>;
  /** The end of its log, for failures. */
  readonly log: () => string;
}

/** Writes the configuration below `dir`; nothing runs yet. */
export function createFairlead(netns: Netns, dir: string, options: FairleadOptions): Fairlead {
  if (!existsSync(main))
    throw new Error(`${main} is not there: run "npm run build" first ("npm run test:e2e" does)`);
  const config = join(dir, 'fairlead.yaml');
  const api = join(dir, 'fairlead.sock');
  const logPath = join(dir, 'fairlead.log');
  const write = (sections: Readonly<Record<string, unknown>> = {}): void => {
    const keys = {
      state: join(dir, 'state'),
      log: { level: 'debug' },
      host: { address: options.hostAddress },
      dns: { upstreams: options.upstreams },
      sources: options.sources,
      api: { listen: [`unix:${api}`] },
      ...options.sections,
      ...sections,
    };
    writeFileSync(config, stringify(keys));
  };
  write();
  let child: ChildProcess | undefined;
  let flagsInUse: readonly string[] = [];

  const log = (): string =>
    existsSync(logPath)
      ? `the daemon's log:\n${readFileSync(logPath, 'utf8').split('\n').slice(-40).join('\n')}`
      : '';
  const spawn = (flags: readonly string[]): ChildProcess => {
    const out = openSync(logPath, 'a');
    const started = netns.spawn(process.execPath, [main, 'run', '--config', config, ...flags], {
      stdio: ['ignore', out, out],
    });
    closeSync(out);
    return started;
  };
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    const ending = child;
    if (ending === undefined || ending.signalCode !== null) return null;
    if (ending.exitCode !== null) return ending.exitCode;
    const code = new Promise<number | null>((resolve) => ending.once('exit', resolve));
    ending.kill(signal);
    return await code;
  };
  const get = async (path: string): Promise<unknown> => {
    const { status, body } = await getOverSocket(api, path);
    if (status >= 400) throw new Error(`GET ${path}: ${status} ${body}`);
    return JSON.parse(body);
  };

  return {
    log,
    api: get,
    status: async () => (await get('/v1/status')) as StatusJson,
    cli: (...args) => netns.run(process.execPath, [main, '--addr', `unix:${api}`, ...args]),
    async start(flags = []) {
      if (child?.exitCode === null && child.signalCode === null) return;
      flagsInUse = flags;
      const started = spawn(flags);
      child = started;
      const look = async (): Promise<number> =>
        started.exitCode !== null ? -1 : (await getOverSocket(api, '/readyz')).status;
      const seen = await until('fairlead is ready', look, (status) => status === 200 || status === -1, {
        within: 60_000,
        every: 20,
        context: log,
      });
      if (seen === -1) throw new Error(`fairlead ended by itself with ${String(started.exitCode)}\n${log()}`);
    },
    async reload(sections) {
      write(sections);
      const { code, stdout, stderr } = await netns.run(process.execPath, [
        main,
        '--addr',
        `unix:${api}`,
        'reload',
      ]);
      if (code !== 0) throw new Error(`fairlead reload: ${stdout}${stderr}`);
    },
    stop: () => end('SIGTERM'),
    async takeOver() {
      const before = child;
      if (before === undefined) throw new Error('there is no daemon to take over from');
      const ended = new Promise<number | null>((resolve) => before.once('exit', resolve));
      const next = spawn([...flagsInUse, '--takeover']);
      const pid = async (): Promise<number> =>
        next.exitCode !== null ? -1 : ((await get('/v1/status')) as StatusJson).pid;
      const seen = await until('the successor serves', pid, (each) => each === next.pid || each === -1, {
        within: 60_000,
        context: log,
      });
      if (seen === -1) throw new Error(`the successor ended by itself\n${log()}`);
      child = next;
      return { ended };
    },
    async crash() {
      await end('SIGKILL');
    },
  };
}
