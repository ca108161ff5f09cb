import { loadConfig, type LoadOptions } from '../config/load.js';
import { formatConfigError } from '../config/errors.js';
import { bannerLines } from './banner.js';
import { ConfigFault } from './config-fault.js';
import { errorMessage } from '../net/error-message.js';
import { Daemon } from './daemon.js';
import { demoSettings, makeDemoDirectory, missingForDocker, startDemoTasks } from './demo.js';
import { InternalErrors } from './internal-errors.js';
import { instancesOf } from '../config/source-instances.js';
import type { LoadedConfig } from './loaded-config.js';
import { createLog, type DaemonLog } from './daemon-log.js';
import { preferLittleMemory, preferLittleWorkSoon } from './memory.js';
import type { Signals } from './end-signals.js';

export interface RunOptions {
  readonly configPath?: string;
  /** `key=value`, as given with `--set`. */
  readonly set: readonly string[];
  /**
   * Whether to run the built-in demo: only if Docker or the privileges for it are missing (`auto`), always, or never.
   */
  readonly demo: 'auto' | 'always' | 'never';
  /** Whether to take over from a running daemon without a gap. */
  readonly takeOver: boolean;
}

/** Exit codes (docs/cli.md). */
const EXIT = { ok: 0, failed: 1, internalErrors: 70, badConfig: 78, interrupted: 130 } as const;

/** How long a daemon with internal errors may take for an orderly stop, in milliseconds. */
const LAST_STOP_MS = 10_000;

/**
 * Runs the daemon until SIGTERM or SIGINT ends it. SIGHUP reloads the configuration.
 * @returns the exit code
 */
export async function runDaemon(options: RunOptions, signals: Signals): Promise<number> {
  const base: LoadOptions = {
    env: process.env,
    cwd: process.cwd(),
    set: options.set,
    ...(options.configPath !== undefined && { path: options.configPath }),
  };
  let demoReason = options.demo === 'always' ? 'requested with --demo always' : undefined;
  let load = () => loadConfig(base);
  let loaded = load();
  const [engine] = loaded.ok ? instancesOf('docker', loaded.config.sources.docker) : [];
  if (loaded.ok && options.demo === 'auto' && loaded.path === undefined && engine) {
    demoReason = await missingForDocker(engine.settings.socket);
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
  signals.logTo(log);
  let tooMany: () => void = () => undefined;
  const broken = new Promise<'broken'>((resolve) => {
    tooMany = () => resolve('broken');
  });
  const internalErrors = new InternalErrors({ log, onTooMany: tooMany });
  process.on('uncaughtException', (error) => internalErrors.note(error));
  process.on('unhandledRejection', (error) => internalErrors.note(error));
  let daemon: Daemon;
  try {
    daemon = new Daemon(loaded, log, {
      internalErrors,
      takesOver: options.takeOver,
      ownsProcess: true,
    });
    await daemon.start();
  } catch (error) {
    process.stderr.write(`fairlead: ${errorMessage(error)}\n`);
    return error instanceof ConfigFault ? EXIT.badConfig : EXIT.failed;
  }
  preferLittleMemory();
  void daemon.hasFirstFacts().then(preferLittleWorkSoon);
  const demoTasks =
    demoReason === undefined ? undefined : await startDemoTasks(daemon.catalog.snapshot.tasks());
  for (const line of bannerLines(daemon, { demoReason, config: loaded.config }))
    process.stdout.write(`${line}\n`);
  let reloading = Promise.resolve();
  let isReloadWaiting = false;
  const reloadNext = () => {
    // One that waits reads the configuration as it is then, for all who have asked until then.
    if (isReloadWaiting) return;
    isReloadWaiting = true;
    reloading = reloading.then(() => {
      isReloadWaiting = false;
      return reload(daemon, log, load);
    });
  };
  signals.onHangUp(reloadNext);
  daemon.onReloadRequest(reloadNext);
  const succeeded = daemon.succeeded.then(() => 'succeeded' as const);
  const end = await Promise.race([signals.ended, broken, succeeded]);
  const code = {
    succeeded: EXIT.ok,
    SIGTERM: EXIT.ok,
    SIGINT: EXIT.interrupted,
    broken: EXIT.internalErrors,
  }[end];
  if (end === 'broken') setTimeout(() => process.exit(code), LAST_STOP_MS).unref();
  else await reloading;
  demoTasks?.close();
  await daemon.stop();
  log.info('stopped');
  // A query that waits for an upstream would keep the process alive for seconds. The client has given up by then.
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
    log.error('the configuration was not reloaded; the old one stays in effect', { error });
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
