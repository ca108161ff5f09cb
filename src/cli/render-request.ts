import { lstatSync, readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readSignal } from '../net/signals.js';
import { parseDuration } from '../net/duration.js';
import { execOf, targetOf } from '../render/config-targets.js';
import {
  PLAIN_EXEC,
  readConsulTemplateConfig,
  type RenderRequest,
} from '../render/consul-template-config.js';
import { NO_WAIT, parseWait } from '../render/quiescence.js';
import { ConsulTemplateFault } from '../render/hcl-reader.js';
import type { ExecRequest } from '../render/rendered-program.js';
import { RENDER_EXIT } from '../render/render-run.js';
import { plainTarget, type Target } from '../render/template-target.js';
import { fileFault } from '../text/file-fault.js';
import type { Context } from './context.js';
import { CliError } from './exit-codes.js';
import { loadWithOptions } from './load-config.js';

/** What flags, files and variables ask for; flags win. @throws CliError */
export async function renderRequest(context: Context): Promise<RenderRequest> {
  const { cwd, env } = context.io;
  const request = await fileRequest(context);
  const waitText = context.text('wait');
  const wait = waitText === undefined ? request.wait : parseWait(waitText);
  if (waitText !== undefined && wait === undefined)
    throw wrongFlag(`-wait ${waitText}: must be "min" or "min:max", such as 5s:10s`);
  const own = context.texts('template').map((text) => templateFlag(text, cwd, wait ?? NO_WAIT));
  const targets = [...request.targets, ...own].map((target) => withDelimiters(target, context));
  if (targets.length === 0 && request.exec === undefined) {
    throw wrongFlag(
      'nothing to render: give -template "in:out[:command]", or a configuration with templates (-config)',
    );
  }
  demandOneEach(targets);
  const exec = execRequest(context, request.exec);
  const attempts = context.text('consulRetryAttempts');
  if (attempts !== undefined && !/^\d+$/.test(attempts))
    throw wrongFlag(`-consul-retry-attempts ${attempts}: must be a number; 0 means no limit`);
  return {
    ...request,
    targets,
    ...(wait !== undefined && { wait }),
    ...consulFlags(context, request, env),
    ...(attempts !== undefined && { retryAttempts: Number(attempts) }),
    ...(context.on('once') && { once: true }),
    ...(context.on('parseOnly') && { parseOnly: true }),
    ...(exec !== undefined && { exec }),
    ...signalFlag(context, 'killSignal'),
    ...signalFlag(context, 'reloadSignal'),
    ...(context.text('pidFile') !== undefined && { pidFile: resolve(cwd, context.text('pidFile') ?? '') }),
  };
}

function wrongFlag(message: string): CliError {
  return new CliError(RENDER_EXIT.flags, message);
}

/** Which Consul is asked, and how. consul-template's variables stand in for flags, but not against `--addr`. */
function consulFlags(
  context: Context,
  request: RenderRequest,
  env: NodeJS.ProcessEnv,
): Pick<RenderRequest, 'consulAddress' | 'consulToken' | 'consulAuth'> {
  const said = (name: string) => (env[name] === '' ? undefined : env[name]);
  const address =
    context.text('consulAddr') ??
    context.text('consul') ??
    request.consulAddress ??
    (context.text('addr') === undefined ? said('CONSUL_HTTP_ADDR') : undefined);
  const file = context.text('consulTokenFile') ?? said('CONSUL_HTTP_TOKEN_FILE');
  const token =
    context.text('consulToken') ??
    (context.text('consulTokenFile') === undefined ? request.consulToken : undefined) ??
    (file === undefined ? undefined : readText(context, file).trim()) ??
    said('CONSUL_HTTP_TOKEN') ??
    said('CONSUL_TOKEN');
  const auth = context.text('consulAuth') ?? request.consulAuth ?? said('CONSUL_HTTP_AUTH');
  return {
    ...(address !== undefined && { consulAddress: address }),
    ...(token !== undefined && token !== '' && { consulToken: token }),
    ...(auth !== undefined && { consulAuth: auth }),
  };
}

function execRequest(context: Context, given: ExecRequest | undefined): ExecRequest | undefined {
  const command = context.text('exec');
  if (command === undefined && given === undefined) return undefined;
  const reload = context.text('execReloadSignal');
  const kill = context.text('execKillSignal');
  const timeout = durationFlag(context, 'execKillTimeout', '-exec-kill-timeout');
  const splay = durationFlag(context, 'execSplay', '-exec-splay');
  return {
    ...(given ?? PLAIN_EXEC),
    ...(command !== undefined && { command }),
    ...(reload !== undefined && { reloadSignal: signalOf(reload) }),
    ...(kill !== undefined && { killSignal: signalOf(kill) }),
    ...(timeout !== undefined && { killTimeoutMs: timeout }),
    ...(splay !== undefined && { splayMs: splay }),
  };
}

function durationFlag(context: Context, name: string, flag: string): number | undefined {
  const text = context.text(name);
  if (text === undefined) return undefined;
  const value = parseDuration(text);
  if (value === undefined) throw wrongFlag(`${flag} ${text}: must be a duration, such as 30s`);
  return value;
}

function signalFlag(context: Context, name: 'killSignal' | 'reloadSignal') {
  const text = context.text(name);
  return text === undefined ? {} : { [name]: signalOf(text) };
}

function signalOf(text: string): NodeJS.Signals {
  const signal = readSignal(text);
  if (signal === undefined) throw wrongFlag(`${text} is not a signal; it must be one such as SIGHUP`);
  return signal;
}

/** `in:out[:command]` */
function templateFlag(text: string, cwd: string, wait: typeof NO_WAIT): Target {
  const [source = '', destination = '', ...command] = text.split(':');
  if (source === '' || destination === '')
    throw wrongFlag(`-template ${text}: must be "in:out" or "in:out:command"`);
  const target = plainTarget({ file: resolve(cwd, source) }, resolve(cwd, destination), wait);
  return {
    ...target,
    origin: `-template ${text}`,
    ...(command.length > 0 && { command: command.join(':') }),
  };
}

function withDelimiters(target: Target, context: Context): Target {
  const left = context.text('defaultLeftDelimiter');
  const right = context.text('defaultRightDelimiter');
  if (left === undefined && right === undefined) return target;
  const own = target.delimiters ?? { left: '', right: '' };
  return { ...target, delimiters: { left: own.left || (left ?? ''), right: own.right || (right ?? '') } };
}

/** Two templates with one destination would overwrite each other without end. */
function demandOneEach(targets: readonly Target[]): void {
  const seen = new Map<string, Target>();
  for (const target of targets) {
    const { destination, origin = 'the configuration' } = target;
    const other = seen.get(destination);
    if (other === undefined) {
      seen.set(destination, target);
      continue;
    }
    const code = origin.startsWith('-template') ? RENDER_EXIT.flags : RENDER_EXIT.config;
    const first = other.origin ?? 'the configuration';
    throw new CliError(
      code,
      `${origin}: ${destination} is the destination of another template, too (${first}); each template needs a file of its own`,
    );
  }
}

/**
 * The request of the files given with -config: consul-template's (HCL, JSON) or Fairlead's own (YAML). A later file
 * wins.
 * `CT_LOCAL_CONFIG` is a whole configuration of consul-template's.
 */
async function fileRequest(context: Context): Promise<RenderRequest> {
  const { env, cwd } = context.io;
  const files = context.texts('config').flatMap((file) => filesOf(resolve(cwd, file), file));
  const local = env['CT_LOCAL_CONFIG'] ?? '';
  const isGiven = files.length > 0 || context.texts('template').length > 0 || local !== '';
  const requests: RenderRequest[] = [];
  if (local !== '') requests.push(foreignConfig(context, local, 'CT_LOCAL_CONFIG'));
  if (!isGiven) requests.push(await ownConfig(context, undefined));
  for (const file of files) {
    requests.push(
      /\.ya?ml$/.test(file)
        ? await ownConfig(context, file)
        : foreignConfig(context, readText(context, file), file),
    );
  }
  return requests.reduce<RenderRequest>(
    (all, next) => ({ ...all, ...next, targets: [...all.targets, ...next.targets] }),
    { targets: [] },
  );
}

/** A directory means every file in it and below, in the order of their names. Links in it are not followed. */
function filesOf(path: string, name: string): string[] {
  let isDirectory = false;
  try {
    isDirectory = lstatSync(path).isDirectory();
  } catch {
    // Reading it says what is wrong.
  }
  if (!isDirectory) return [name];
  return readdirSync(path, { withFileTypes: true })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      if (entry.isDirectory()) return filesOf(join(path, entry.name), join(name, entry.name));
      return entry.isFile() ? [join(name, entry.name)] : [];
    });
}

async function ownConfig(context: Context, file: string | undefined): Promise<RenderRequest> {
  const result = await loadWithOptions(context, file);
  if (!result.ok) {
    const { formatConfigError } = await import('../config/errors.js');
    throw new CliError(RENDER_EXIT.config, result.errors.map(formatConfigError).join('\n'));
  }
  const { render } = result.config;
  const origins = result.origins();
  const origin = (index: number) => origins.get(`render.templates[${index}]`);
  return {
    targets: render.templates.map((template, index) => {
      const where = origin(index);
      return { ...targetOf(template, render), ...(where !== undefined && { origin: where }) };
    }),
    wait: render.wait,
    ...(render.keys !== undefined && { keys: render.keys }),
    ...(render.exec !== undefined && { exec: { ...execOf(render.exec, render), restart: 'give up' } }),
  };
}

function foreignConfig({ io }: Context, text: string, name: string): RenderRequest {
  try {
    return readConsulTemplateConfig(text, name, (each) => resolve(io.cwd, each));
  } catch (error) {
    if (error instanceof ConsulTemplateFault) throw new CliError(RENDER_EXIT.config, error.message);
    throw error;
  }
}

function readText({ io }: Context, file: string): string {
  try {
    return readFileSync(resolve(io.cwd, file), 'utf8');
  } catch (error) {
    throw new CliError(RENDER_EXIT.config, `${file}: ${fileFault(error)}`);
  }
}
