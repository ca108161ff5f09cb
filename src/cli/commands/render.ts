import { rmSync, writeFileSync } from 'node:fs';
import type { TaskJson, TaskListJson } from '../../api/types/resources.js';
import type { StatusJson } from '../../api/types/status-json.js';
import { FileKeyValues } from '../../key-values/file-key-values.js';
import { keepChildren } from '../../linux/children.js';
import { errorMessage } from '../../net/error-message.js';
import { silentLog } from '../../net/log.js';
import { ConsulAnswers } from '../../render/consul-answers.js';
import type { RenderRequest } from '../../render/consul-template-config.js';
import { ChainedAnswers, FileAnswers } from '../../render/file-answers.js';
import { KeyValueAnswers, NO_KEYS } from '../../render/key-value-answers.js';
import { RENDER_EXIT, RenderPreview, RenderRun, type RunOptions } from '../../render/render-run.js';
import { TargetTemplate } from '../../render/render-template.js';
import type { QueryPort } from '../../render/run-context.js';
import { TaskAnswers } from '../../render/task-answers.js';
import { systemTimers } from '../../runtime/timers.js';
import { fileFault } from '../../text/file-fault.js';
import { watchFile } from '../../text/file-watch.js';
import type { Context } from '../context.js';
import { CliError } from '../exit-codes.js';
import { renderRequest } from '../render-request.js';
import { StateWatch } from '../state-watch.js';

/** Renders as consul-template does, from the daemon's catalog or from Consul. */
export async function run(context: Context): Promise<number> {
  const children = await keepChildren(logOf(context));
  try {
    for (;;) {
      const request = await renderRequest(context);
      if (request.parseOnly === true) return parseAll(context, request);
      const code = await withPidFile(request, () => renderAll(context, request, children.withoutRights));
      // A reload begins again: configuration, templates, program.
      if (code !== RENDER_EXIT.reload) return code;
    }
  } finally {
    children.stop();
  }
}

async function renderAll(
  context: Context,
  request: RenderRequest,
  withoutRights: <T>(work: () => T) => T,
): Promise<number> {
  const render = { run: undefined as RenderRun | RenderPreview | undefined };
  const changed = () => render.run?.changed();
  const files = new FileAnswers(systemTimers, changed);
  const source = await sourceOf(context, request, changed, (problem) => render.run?.fail(problem));
  const options: RunOptions = {
    request,
    port: new ChainedAnswers([source.port, files]),
    settings: { ...settingsOf(context, request), withoutRights },
    log: logOf(context),
    watch: watchFile,
    print: (text) => context.print(text),
    report: (text) => context.io.stderr.write(`fairlead: ${text}\n`),
  };
  const form = context.on('diff') ? 'diff' : context.on('dry') ? 'dry' : undefined;
  const running = form === undefined ? new RenderRun(options) : new RenderPreview({ ...options, form });
  render.run = running;
  const release = passSignals(running, request);
  running.start();
  const code = await running.done;
  release();
  source.stop();
  files.stop();
  await running.stop();
  return code;
}

function settingsOf(context: Context, request: RenderRequest): RunOptions['settings'] {
  const { env, clock } = context.io;
  return {
    host: {
      environment: env,
      allowPlugin: context.on('allowPlugin'),
      allowWriteToFile: context.on('allowWriteToFile'),
    },
    now: clock,
    commandEnvironment: { ...env, ...consulVariables(request) },
  };
}

/** What consul-template gives to commands, so that they ask the same Consul. */
function consulVariables({ consulAddress, consulToken, consulAuth }: RenderRequest): Record<string, string> {
  if (consulAddress === undefined) return {};
  return {
    CONSUL_HTTP_ADDR: consulAddress,
    CONSUL_HTTP_SSL: String(consulAddress.startsWith('https:')),
    ...(consulToken !== undefined && { CONSUL_HTTP_TOKEN: consulToken }),
    ...(consulAuth !== undefined && { CONSUL_HTTP_AUTH: consulAuth }),
  };
}

/** Reads every template and runs none. */
function parseAll(context: Context, request: RenderRequest): number {
  const problems = request.targets.flatMap((target) => {
    const problem = new TargetTemplate(target, settingsOf(context, request)).parseProblem();
    return problem === undefined ? [] : [problem];
  });
  for (const problem of problems) context.io.stderr.write(`fairlead: ${problem}\n`);
  return problems.length === 0 ? RENDER_EXIT.ok : RENDER_EXIT.failed;
}

/** The process's number is in the file while the work is done. */
async function withPidFile<T>({ pidFile }: RenderRequest, work: () => Promise<T>): Promise<T> {
  if (pidFile === undefined) return await work();
  try {
    writeFileSync(pidFile, String(process.pid));
  } catch (error) {
    throw new CliError(RENDER_EXIT.failed, `-pid-file ${pidFile}: ${fileFault(error)}`);
  }
  try {
    return await work();
  } finally {
    rmSync(pidFile, { force: true });
  }
}

interface Source {
  port: QueryPort;
  stop: () => void;
}

async function sourceOf(
  context: Context,
  request: RenderRequest,
  onChange: () => void,
  onLost: (problem: string) => void,
): Promise<Source> {
  const { consulAddress, consulToken, consulAuth, retryAttempts = 12 } = request;
  const once = request.once === true || context.on('diff');
  if (consulAddress !== undefined) {
    const consul = new ConsulAnswers({
      ...{ address: consulAddress, once, environment: context.io.env },
      // With -once, the number of attempts is consul-template's. Otherwise known values stay, and Consul is asked until
      // it answers.
      attempts: request.once === true ? retryAttempts : 0,
      onChange,
      onLost,
      log: logOf(context),
      ...(consulToken !== undefined && { token: consulToken }),
      ...(consulAuth !== undefined && { auth: consulAuth }),
    });
    return { port: consul, stop: () => consul.stop() };
  }
  const daemon = await daemonSource(context, once, onChange);
  if (request.keys === undefined) return { ...daemon, port: new ChainedAnswers([daemon.port, NO_KEYS]) };
  const store = new FileKeyValues(request.keys);
  const keys = new KeyValueAnswers({ store: () => store, onChange, log: logOf(context) });
  return {
    port: new ChainedAnswers([daemon.port, keys]),
    stop: () => {
      daemon.stop();
      keys.stop();
    },
  };
}

/** Follows the tasks of the daemon. */
async function daemonSource(context: Context, once: boolean, onChange: () => void): Promise<Source> {
  const { environment, host } = await context.get<StatusJson>('/v1/status');
  const answers = new TaskAnswers({
    ...host,
    environment,
    addresses: context.on('published') ? 'published' : 'container',
  });
  const read = async () => answers.use((await context.get<TaskListJson>('/v1/tasks')).tasks.map(factOf));
  await read();
  if (once) return { port: answers, stop: () => undefined };
  const state = new StateWatch(context);
  let stopped = false;
  const follow = async () => {
    while (!stopped) {
      await state.wait();
      try {
        await read();
        onChange();
      } catch (error) {
        logOf(context).warn('the daemon cannot be reached; the values from it stay as they were', {
          error: errorMessage(error),
        });
      }
    }
  };
  void follow();
  return {
    port: answers,
    stop: () => {
      stopped = true;
      state.close();
    },
  };
}

function factOf({
  upstreams: _,
  createdAt: __,
  startedAt: ___,
  source: ____,
  tag: _____,
  ...task
}: TaskJson) {
  return task;
}

function logOf(context: Context) {
  if (context.on('quiet')) return silentLog;
  const write = (message: string, fields: Readonly<Record<string, unknown>> = {}) => {
    const rest = Object.entries(fields).map(([key, value]) => ` ${key}=${JSON.stringify(value)}`);
    context.io.stderr.write(`fairlead: ${message}${rest.join('')}\n`);
  };
  return { ...silentLog, warn: write, error: write };
}

const FORWARDED: readonly NodeJS.Signals[] = ['SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGQUIT', 'SIGWINCH'];

/** Signals that end the run or begin it again, and those that go on to the program. @returns takes the handlers away */
function passSignals(running: RenderRun | RenderPreview, request: RenderRequest): () => void {
  const handlers = new Map<NodeJS.Signals, () => void>();
  for (const signal of ['SIGINT', 'SIGTERM', request.killSignal ?? 'SIGINT'] as const)
    handlers.set(signal, () => running.interrupt());
  handlers.set(request.reloadSignal ?? 'SIGHUP', () => running.reload());
  if (request.exec !== undefined) {
    for (const signal of FORWARDED)
      if (!handlers.has(signal)) handlers.set(signal, () => running.signal(signal));
  }
  for (const [signal, handler] of handlers) process.on(signal, handler);
  return () => {
    for (const [signal, handler] of handlers) process.off(signal, handler);
  };
}
