import type { Wait } from './quiescence.js';
import type { Command } from './run-command.js';
import type { Target } from './target.js';

/** A template as `render.templates` has it. */
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
export function targetOf(template: TemplateSettings, wait: Wait): Target {
  const { source, destination, perms, delimiters, runAs, check, command, user, group, sandbox } = template;
  return {
    source: { file: source },
    destination,
    errorOnMissingKey: template.errorOnMissingKey,
    minInstances: template.minInstances,
    wait: template.wait ?? wait,
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
