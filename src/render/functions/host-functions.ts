import { errorMessage } from '../../net/error-message.js';
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  realpathSync,
  writeFileSync,
} from 'node:fs';
import { dirname, sep } from 'node:path';
import { variadic } from '../../template/functions.js';
import type { TemplateFunction } from '../../template/value.js';
import { quote } from '../../template/quote.js';
import { FunctionError } from '../../template/template-error.js';
import { STRING } from '../../template/types.js';
import type { RunContext } from '../run-context.js';
import type { WithoutRights } from '../spawn-program.js';
import { idOf, userIds, type UserIds } from '../user-ids.js';
import type { InterfaceAddress } from './host-interfaces.js';
import { ofTexts, texts, trimSpace } from './strings.js';

/** What template functions may do on the host. */
export interface HostAccess {
  environment: Readonly<Record<string, string | undefined>>;
  /** `file` may only read below this directory. */
  sandbox?: string;
  allowPlugin: boolean;
  allowWriteToFile: boolean;
  /** The user that `plugin` runs programs as; without it Fairlead's own. */
  runAs?: string;
  withoutRights?: WithoutRights | undefined;
  /** The addresses of the host, for `sockaddr`; without it they are looked up. */
  interfaces?: () => readonly InterfaceAddress[];
}

const PLUGIN_TIMEOUT_MS = 30_000;
const OUTPUT_LIMIT = 1024 * 1024;

function plugin(
  name: string,
  args: readonly string[],
  { environment, runAs, withoutRights }: HostAccess,
): string {
  if (name === '') return '';
  const given = args.map(trimSpace).filter((arg) => arg !== '');
  let user: UserIds | undefined;
  try {
    user = runAs === undefined ? undefined : userIds(runAs);
  } catch (error) {
    throw new FunctionError(`exec ${quote(name)}: ${errorMessage(error)}`);
  }
  const run = () =>
    spawnSync(name, given, {
      encoding: 'utf8',
      timeout: PLUGIN_TIMEOUT_MS,
      killSignal: 'SIGKILL',
      maxBuffer: OUTPUT_LIMIT,
      env: { ...environment },
      ...(user !== undefined && { uid: user.uid, gid: user.gid }),
    });
  const { error, status, stdout, stderr } = withoutRights === undefined ? run() : withoutRights(run);
  if (error !== undefined) throw new FunctionError(`exec ${quote(name)}: ${error.message}`);
  if (status !== 0)
    throw new FunctionError(
      `exec ${quote(name)}: exit status ${String(status)}\n\nstdout:\n\n${stdout}\n\nstderr:\n\n${stderr}`,
    );
  return trimSpace(stdout);
}

/** @throws FunctionError when the file is not below the sandbox after following links */
function checkSandbox(path: string, sandbox: string): void {
  let inside: boolean;
  try {
    const root = realpathSync(sandbox);
    inside = `${realpathSync(path)}${sep}`.startsWith(root.endsWith(sep) ? root : root + sep);
  } catch (error) {
    throw new FunctionError(errorMessage(error));
  }
  if (!inside) throw new FunctionError(`'${path}' is outside of sandbox`);
}

/** `path user group perms [flags] content`; an empty user or group leaves the owner as it is. */
function writeToFile(args: readonly string[]): string {
  if (args.length < 5)
    throw new FunctionError(`wrong number of args for writeToFile: want at least 5 got ${args.length}`);
  const [path = '', user = '', group = '', perms = ''] = args;
  const words = args.length > 5 ? (args[4] ?? '').split(',') : [];
  const mode = Number.parseInt(perms, 8);
  if (!/^[0-7]{3,4}$/.test(perms))
    throw new FunctionError(`writeToFile: ${quote(perms)} is not an octal mode such as 0644`);
  const text = (args.at(-1) ?? '') + (words.includes('newline') ? '\n' : '');
  try {
    for (const each of [path, dirname(path)]) {
      if (lstatSync(each, { throwIfNoEntry: false })?.isSymbolicLink() === true)
        throw new Error(`${quote(each)} is a symbolic link; give the file itself`);
    }
    const [uid, gid] = [user === '' ? -1 : idOf(user, 'user'), group === '' ? -1 : idOf(group, 'group')];
    mkdirSync(dirname(path), { recursive: true });
    if (words.includes('append')) appendFileSync(path, text, { mode });
    else writeFileSync(path, text, { mode });
    chmodSync(path, mode);
    if (uid !== -1 || gid !== -1) chownSync(path, uid, gid);
  } catch (error) {
    throw new FunctionError(`writeToFile: ${errorMessage(error)}`);
  }
  return '';
}

function switchedOff(name: string, key: string): TemplateFunction {
  return variadic([STRING], () => {
    throw new FunctionError(`function is disabled: ${name} may be used when ${key} is true`);
  });
}

/** Functions that access the host: environment, files, commands. */
export function hostFunctions(
  run: RunContext,
  host: HostAccess,
): readonly (readonly [string, TemplateFunction])[] {
  const variable = (name: string): string | undefined =>
    Object.hasOwn(host.environment, name) ? host.environment[name] : undefined;
  return [
    ['env', ofTexts(1, (name = '') => variable(name) ?? '')],
    ['envOrDefault', ofTexts(2, (name = '', fallback = '') => variable(name) ?? fallback)],
    [
      'mustEnv',
      ofTexts(1, (name = '') => {
        const value = variable(name);
        if (value === undefined) throw new FunctionError(`environment variable ${quote(name)} is not set`);
        return value;
      }),
    ],
    [
      'file',
      ofTexts(1, (path = '') => {
        if (path === '') return '';
        if (host.sandbox !== undefined) checkSandbox(path, host.sandbox);
        return run.ask({ kind: 'file', path }) ?? '';
      }),
    ],
    [
      'plugin',
      host.allowPlugin
        ? variadic([STRING, STRING], ([name, ...args]) => plugin(texts([name])[0] ?? '', texts(args), host))
        : switchedOff('plugin', 'render.allowPlugin'),
    ],
    [
      'writeToFile',
      host.allowWriteToFile
        ? variadic([STRING, STRING], (args) => writeToFile(texts(args)))
        : switchedOff('writeToFile', 'render.allowWriteToFile'),
    ],
  ];
}
