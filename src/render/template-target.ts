import type { Delimiters } from '../template/lexer.js';
import type { EnvironmentSettings } from './child-environment.js';
import type { Command } from './command.js';
import type { Wait } from './quiescence.js';

/** One template and the destination of its output. Paths are absolute. */
export interface Target {
  /** The template's file, or its text with a name for errors. */
  source: { file: string } | { text: string; name: string };
  destination: string;
  /** Where it was asked for: `fairlead.hcl:12`, `-template a:b`; absent in the daemon, whose configuration says it. */
  origin?: string;
  delimiters?: Delimiters;
  /** Whether a missing map key is an error. */
  errorOnMissingKey: boolean;
  /** If all queried services together have fewer instances, the last file stays. */
  minInstances: number;
  wait: Wait;
  createDirectories: boolean;
  mode?: number;
  user?: string;
  group?: string;
  backup: boolean;
  /** Checks the temporary file before it replaces the old one. */
  check?: Command;
  /** Runs after the file has changed. */
  command?: Command;
  commandTimeoutMs: number;
  /** The user that runs `check` and `command`. */
  commandUser?: string;
  /** Which variables they get; without it Fairlead's own. */
  environment?: EnvironmentSettings;
  /** `file` reads below this directory only. */
  sandbox?: string;
  deniedFunctions: readonly string[];
}

/** What a template has that says nothing else. */
export function plainTarget(source: Target['source'], destination: string, wait: Wait): Target {
  return {
    source,
    destination,
    errorOnMissingKey: false,
    minInstances: 0,
    wait,
    createDirectories: true,
    backup: false,
    commandTimeoutMs: 30_000,
    deniedFunctions: [],
  };
}

/** The name of a template in errors: its file. */
export function sourceName({ source }: Target): string {
  return 'file' in source ? source.file : source.name;
}

/** The result of the last attempt to render a target. */
export type TargetState =
  /** Nothing has been tried yet, because some query has no answer. */
  | 'waiting'
  /** The file is up to date. */
  | 'rendered'
  /** The last file is kept because there are fewer instances than `minInstances`. */
  | 'held'
  /** The last file is kept because the template, check, write or command failed. */
  | 'failed';

export interface TargetStatus {
  source: string;
  destination: string;
  state: TargetState;
  /** When the file was last written, in milliseconds since the epoch. */
  renderedAt?: number;
  /** How often it was written. */
  renders: number;
  /** When it was last found to be up to date. */
  checkedAt?: number;
  bytes?: number;
  /** Queries without an answer. */
  missing: readonly string[];
  queries: readonly string[];
  /** Why the last attempt failed or was held. */
  error?: string;
  command?: { text: string; ok: boolean; outcome: string; output: string; at: number; tookMs: number };
  failures: number;
}
