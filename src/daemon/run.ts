import { loadConfig, type LoadOptions } from '../config/load.js';
import { formatConfigError } from '../config/errors.js';
import { bannerLines } from './banner.js';
import { ConfigFault } from './config-fault.js';
import { errorMessage } from '../net/error-message.js';
import { Daemon } from './daemon.js';
import { demoSettings, makeDemoDirectory, missingForDocker, startDemoTasks } from './demo.js';
import type { LoadedConfig } from './loaded-config.js';
import { createLog, type DaemonLog } from './log.js';

export interface RunOptions {
  readonly configPath?: string;
  /** `key=value`, as given with `--set`. */
  readonly set: readonly string[];
  /** Whether to run the built-in demo: only when Docker or the rights for it are missing (`auto`), always, or never. */
  readonly demo: 'auto' | 'always' | 'never';
}

/** Exit codes (docs/cli.md). */
const EXIT = { ok: 0, failed: 1, badConfig: 78, interrupted: 130 } as const;

/**
 * Runs the daemon until it is told to stop: SIGTERM and SIGINT end it, SIGHUP reloads the configuration.
 * @returns the exit code
 */
export async function runDaemon(options: RunOptions): Promise<number> {
  const base: LoadOptions = {
    env: process.env,
    cwd: process.cwd(),
    set: options.set,
    ...(options.configPath !== undefined && { path: options.configPath }),
  };
  let demoReason = options.demo === 'always' ? 'asked for with --demo always' : undefined;
  let load = () => loadConfig(base);
  let loaded = load();
  if (loaded.ok && options.demo === 'auto' && loaded.path === undefined && loaded.config.sources.docker) {
    demoReason = await missingForDocker(loaded.config.sources.docker.socket);
  }
  if (demoReason !== undefined) {
    makeDemoDirectory();
    load = () => loadConfig({ ...base, set: [...demoSettings(), ...options.set] });
    loaded = load();
  }
  if (!loaded.ok) {
    for (const error of loaded.errors) process.stderr.write(`fairlead: ${formatConfigError(error)}\n`);
    return EXIT.badConfig;
  }
  const log = createLog(loaded.config.log);
  let daemon: Daemon;
  try {
    daemon = new Daemon(loaded, log);
    await daemon.start();
  } catch (error) {
    process.stderr.write(`fairlead: ${errorMessage(error)}\n`);
    return error instanceof ConfigFault ? EXIT.badConfig : EXIT.failed;
  }
  const demoTasks =
    demoReason === undefined ? undefined : await startDemoTasks(daemon.catalog.snapshot.tasks());
  for (const line of bannerLines(daemon, { demoReason, config: loaded.config }))
    process.stdout.write(`${line}\n`);
  keepGoing(log);
  const code = await untilStopped(log, () => reload(daemon, log, load));
  demoTasks?.close();
  await daemon.stop();
  log.info('stopped');
  // A query that an upstream still owes an answer to would keep the process for seconds, and nobody waits for it.
  setTimeout(() => process.exit(code), 200).unref();
  return code;
}

async function reload(
  daemon: Daemon,
  log: DaemonLog,
  load: () => ReturnType<typeof loadConfig>,
): Promise<void> {
  const next = load();
  const failed = (error: string) => {
    daemon.noteReload(error);
    log.error('the configuration was not reloaded; the old one stays in force', { error });
  };
  if (!next.ok) {
    failed(next.errors.map(formatConfigError).join('; '));
    return;
  }
  const loaded: LoadedConfig = next;
  try {
    await daemon.reload(loaded);
    daemon.noteReload();
    log.info('configuration reloaded', { hash: loaded.hash });
  } catch (error) {
    failed(errorMessage(error));
  }
}

/** A fault that nobody caught costs what it was about, never the whole host its names. */
function keepGoing(log: DaemonLog): void {
  const report = (error: unknown) => {
    const stack = error instanceof Error ? error.stack : undefined;
    log.error('internal error, carried on; please report it', { error: errorMessage(error), stack });
  };
  process.on('uncaughtException', report);
  process.on('unhandledRejection', report);
}

function untilStopped(log: DaemonLog, onHangUp: () => Promise<void>): Promise<number> {
  return new Promise((resolve) => {
    let reloading = Promise.resolve();
    let stopping = false;
    process.on('SIGHUP', () => {
      reloading = reloading.then(onHangUp);
    });
    for (const [signal, number] of [
      ['SIGTERM', 15],
      ['SIGINT', 2],
    ] as const) {
      process.on(signal, () => {
        // The second signal means it: whatever is still under way is dropped.
        if (stopping) process.exit(128 + number);
        stopping = true;
        log.info('stopping', { signal });
        void reloading.then(() => resolve(signal === 'SIGINT' ? EXIT.interrupted : EXIT.ok));
      });
    }
  });
}
