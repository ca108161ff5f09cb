import type { Wait } from './quiescence.js';
import type { ExecRequest } from './rendered-program.js';
import type { Command } from './command.js';
import type { Target } from './template-target.js';

/** A template as written in `render.templates`. */
export interface TemplateSettings {
  readonly source: string;
  readonly destination: string;
  readonly check?: Command | undefined;
  readonly command?: Command | undefined;
  readonly commandTimeout: number;
  readonly perms?: string | undefined;
  readonly user?: string | undefined;
  readonly group?: string | undefined;
  readonly runAs?: string | undefined;
  readonly minInstances: number;
  readonly wait?: Wait | undefined;
  readonly backup: boolean;
  readonly createDirectories: boolean;
  readonly errorOnMissingKey: boolean;
  readonly delimiters?: readonly [string, string] | undefined;
  readonly sandbox?: string | undefined;
  readonly deny: readonly string[];
}

/** What a template of the configuration asks for. */
export function targetOf(
  template: TemplateSettings,
  { wait, runAs: everyone }: { readonly wait: Wait; readonly runAs?: string | undefined },
): Target {
  const own = template.wait ?? wait;
  const {
    source,
    destination,
    perms,
    delimiters,
    runAs = everyone,
    check,
    command,
    user,
    group,
    sandbox,
  } = template;
  return {
    source: { file: source },
    destination,
    errorOnMissingKey: template.errorOnMissingKey,
    minInstances: template.minInstances,
    wait: { min: own.min, max: own.max },
    createDirectories: template.createDirectories,
    backup: template.backup,
    commandTimeoutMs: template.commandTimeout,
    deniedFunctions: template.deny,
    ...(delimiters !== undefined && { delimiters: { left: delimiters[0], right: delimiters[1] } }),
    ...(perms !== undefined && { mode: Number.parseInt(perms, 8) }),
    ...(user !== undefined && { user }),
    ...(group !== undefined && { group }),
    ...(runAs !== undefined && { commandUser: runAs }),
    ...(check !== undefined && { check }),
    ...(command !== undefined && { command }),
    ...(sandbox !== undefined && { sandbox }),
  };
}

/** A program as `render.exec` has it. */
export interface ExecSettings extends Omit<ExecRequest, 'killTimeoutMs' | 'splayMs'> {
  readonly killTimeout: number;
  readonly splay: number;
}

/** The program that `render.exec` asks for. */
export function execOf(exec: ExecSettings, { runAs }: { readonly runAs?: string | undefined }): ExecRequest {
  return {
    command: exec.command,
    runAs: exec.runAs ?? runAs,
    reloadSignal: exec.reloadSignal,
    killSignal: exec.killSignal,
    killTimeoutMs: exec.killTimeout,
    splayMs: exec.splay,
    restart: exec.restart,
    environment: exec.environment,
  };
}
