import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import type { TaskJson, TaskListJson } from '../../api/types/resources.js';
import type { StatusJson } from '../../api/types/status.js';
import { hostAddress } from '../../linux/addresses.js';
import { errorMessage } from '../../net/error-message.js';
import { silentLog } from '../../net/log.js';
import { targetOf } from '../../render/config-targets.js';
import { ConsulAnswers } from '../../render/consul-answers.js';
import {
  ConsulTemplateFault,
  NO_WAIT,
  parseWait,
  plainTarget,
  readConsulTemplateConfig,
  readSignal,
  type RenderRequest,
} from '../../render/consul-template-config.js';
import { ChainedAnswers, FileAnswers } from '../../render/file-answers.js';
import { systemTimers } from '../../runtime/timers.js';
import { RENDER_EXIT, RenderPreview, RenderRun, type RunOptions } from '../../render/render-run.js';
import type { QueryPort } from '../../render/run-context.js';
import { TaskAnswers } from '../../render/task-answers.js';
import { fileFault } from '../../text/file-fault.js';
import type { Context } from '../context.js';
import { CliError } from '../exit-codes.js';
import { loadWithOptions } from '../load-config.js';
import { StateWatch } from '../state-watch.js';

/** Renders as consul-template does, from the daemon's catalog or from Consul. */
export async function run(context: Context): Promise<number> {
  const request = await requestOf(context);
  const render = { run: undefined as RenderRun | RenderPreview | undefined };
  const changed = () => render.run?.changed();
  const files = new FileAnswers(undefined, systemTimers, changed);
  const source = await sourceOf(context, request, changed, (problem) => render.run?.fail(problem));
  const options: RunOptions = {
    request,
    port: new ChainedAnswers([source.port, files]),
    settings: {
      host: {
        environment: context.io.env,
        allowPlugin: context.on('allowPlugin'),
        allowWriteToFile: context.on('allowWriteToFile'),
      },
      now: context.io.clock,
    },
    log: logOf(context),
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
  const { consulAddress, consulToken, retryAttempts = 12 } = request;
  if (consulAddress !== undefined) {
    const consul = new ConsulAnswers({
      address: /^https?:\/\//.test(consulAddress) ? consulAddress : `http://${consulAddress}`,
      // Once: consul-template's own patience. Else what is known stays, and Consul is asked forever.
      attempts: request.once === true ? retryAttempts : 0,
      onChange,
      onLost,
      log: logOf(context),
      ...(consulToken !== undefined && { token: consulToken }),
    });
    return { port: consul, stop: () => consul.stop() };
  }
  return daemonSource(context, request.once === true || context.on('diff'), onChange);
}

/** Follows the tasks of the daemon. */
async function daemonSource(context: Context, once: boolean, onChange: () => void): Promise<Source> {
  const { environment } = await context.get<StatusJson>('/v1/status');
  const answers = new TaskAnswers({
    name: hostname(),
    address: hostAddress() ?? '127.0.0.1',
    environment,
    datacenter: 'dc1',
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
        logOf(context).warn('the daemon cannot be asked; what was known stays', {
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

function factOf({ upstreams: _, startedAt: __, source: ___, ...task }: TaskJson) {
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

const FORWARDED: readonly NodeJS.Signals[] = ['SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGQUIT'];

/** Signals that end the run, and those that go on to the program. @returns takes the handlers away */
function passSignals(running: RenderRun | RenderPreview, request: RenderRequest): () => void {
  const handlers = new Map<NodeJS.Signals, () => void>();
  for (const signal of ['SIGINT', 'SIGTERM', request.killSignal ?? 'SIGINT'] as const)
    handlers.set(signal, () => running.interrupt());
  if (request.exec !== undefined) {
    for (const signal of FORWARDED)
      if (!handlers.has(signal)) handlers.set(signal, () => running.signal(signal));
  }
  for (const [signal, handler] of handlers) process.on(signal, handler);
  return () => {
    for (const [signal, handler] of handlers) process.off(signal, handler);
  };
}

/** What flags and files ask for; flags win. */
async function requestOf(context: Context): Promise<RenderRequest> {
  const { cwd, env } = context.io;
  const request = await fileRequest(context);
  const waitText = context.text('wait');
  const wait = waitText === undefined ? request.wait : parseWait(waitText);
  if (waitText !== undefined && wait === undefined)
    throw new CliError(RENDER_EXIT.flags, `-wait ${waitText}: must be "min" or "min:max", such as 5s:10s`);
  const own = context.texts('template').map((text) => templateFlag(text, cwd, wait ?? NO_WAIT));
  const targets = [...request.targets, ...own];
  if (targets.length === 0) {
    throw new CliError(
      RENDER_EXIT.flags,
      'nothing to render: give -template "in:out[:command]", or a configuration with templates (-config)',
    );
  }
  const address =
    context.text('consulAddr') ??
    context.text('consul') ??
    request.consulAddress ??
    (context.on('useConsul') ? 'http://127.0.0.1:8500' : undefined);
  const token = context.text('consulToken') ?? request.consulToken ?? env['CONSUL_HTTP_TOKEN'];
  const exec = context.text('exec');
  const attempts = context.text('consulRetryAttempts');
  return {
    ...request,
    targets,
    ...(wait !== undefined && { wait }),
    ...(address !== undefined && { consulAddress: address }),
    ...(token !== undefined && { consulToken: token }),
    ...(attempts !== undefined && { retryAttempts: Number(attempts) }),
    ...(context.on('once') && { once: true }),
    ...(exec !== undefined && { exec: execFlags(context, exec) }),
    ...signalFlag(context, 'killSignal'),
    ...signalFlag(context, 'reloadSignal'),
  };
}

function execFlags(context: Context, command: string): NonNullable<RenderRequest['exec']> {
  const exec: NonNullable<RenderRequest['exec']> = { command };
  const reload = context.text('execReloadSignal');
  const kill = context.text('execKillSignal');
  if (reload !== undefined) exec.reloadSignal = signalOf(reload);
  if (kill !== undefined) exec.killSignal = signalOf(kill);
  return exec;
}

function signalFlag(context: Context, name: 'killSignal' | 'reloadSignal') {
  const text = context.text(name);
  return text === undefined ? {} : { [name]: signalOf(text) };
}

function signalOf(text: string): NodeJS.Signals {
  const signal = readSignal(text);
  if (signal === undefined)
    throw new CliError(RENDER_EXIT.flags, `${text} is not a signal; it must be one such as SIGHUP`);
  return signal;
}

/** `in:out[:command]` */
function templateFlag(text: string, cwd: string, wait: typeof NO_WAIT) {
  const [source = '', destination = '', ...command] = text.split(':');
  if (source === '' || destination === '') {
    throw new CliError(RENDER_EXIT.flags, `-template ${text}: must be "in:out" or "in:out:command"`);
  }
  const target = plainTarget({ file: resolve(cwd, source) }, resolve(cwd, destination), wait);
  return command.length === 0 ? target : { ...target, command: command.join(':') };
}

/** The request of the files given with -config: consul-template's (HCL, JSON) or Fairlead's own (YAML). */
async function fileRequest(context: Context): Promise<RenderRequest> {
  const files = context.texts('config');
  const named = files.length > 0;
  if (!named && context.texts('template').length > 0) return { targets: [] };
  let request: RenderRequest = { targets: [] };
  for (const file of named ? files : [undefined]) {
    const next =
      file === undefined || /\.ya?ml$/.test(file)
        ? await ownConfig(context, file)
        : consulTemplateConfig(context, file);
    request = { ...request, ...next, targets: [...request.targets, ...next.targets] };
  }
  return request;
}

async function ownConfig(context: Context, file: string | undefined): Promise<RenderRequest> {
  const result = await loadWithOptions(context, file);
  if (!result.ok) {
    const { formatConfigError } = await import('../../config/errors.js');
    throw new CliError(RENDER_EXIT.config, result.errors.map(formatConfigError).join('\n'));
  }
  const { render } = result.config;
  return { targets: render.templates.map((template) => targetOf(template, render.wait)), wait: render.wait };
}

function consulTemplateConfig(context: Context, file: string): RenderRequest {
  const { cwd } = context.io;
  const path = resolve(cwd, file);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new CliError(RENDER_EXIT.config, `${file}: ${fileFault(error)}`);
  }
  try {
    return readConsulTemplateConfig(text, file, (each) => resolve(cwd, each));
  } catch (error) {
    if (error instanceof ConsulTemplateFault) throw new CliError(RENDER_EXIT.config, error.message);
    throw error;
  }
}
