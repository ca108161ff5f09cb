import type { Delimiters } from '../template/lexer.js';
import type { EnvironmentSettings } from './child-environment.js';
import type { Command } from './command.js';
import type { Wait } from './quiescence.js';

/** One template and what becomes of its output. Paths are absolute. */
export interface Target {
  /** The file of the template; or its text, with a name for errors. */
  source: { file: string } | { text: string; name: string };
  destination: string;
  /** Where it was asked for: `fairlead.hcl:12`, `-template a:b`; absent in the daemon, whose configuration says it. */
  origin?: string;
  delimiters?: Delimiters;
  /** A key that a map does not have is an error. */
  errorOnMissingKey: boolean;
  /** Fewer instances than this of all services that it asks for: the last file stays. */
  minInstances: number;
  wait: Wait;
  createDirectories: boolean;
  mode?: number;
  user?: string;
  group?: string;
  backup: boolean;
  /** Looks at the temporary file before it takes its place. */
  check?: Command;
  /** Runs after the file has changed. */
  command?: Command;
  commandTimeoutMs: number;
  /** The user that check and command run as. */
  commandUser?: string;
  /** Which variables they get; without it Fairlead's own. */
  environment?: EnvironmentSettings;
  /** `file` reads below this directory only. */
  sandbox?: string;
  deniedFunctions: readonly string[];
}

/** The name of a template in errors: its file. */
export function sourceName({ source }: Target): string {
  return 'file' in source ? source.file : source.name;
}

/** What the last attempt to render a target came to. */
export type TargetState =
  /** Nothing has been tried: some query has no answer yet. */
  | 'waiting'
  /** The file is as it should be. */
  | 'rendered'
  /** The last file is kept: fewer instances than `minInstances`. */
  | 'held'
  /** The last file is kept: template, check, write or command failed. */
  | 'failed';

export interface TargetStatus {
  source: string;
  destination: string;
  state: TargetState;
  /** When the file was last written, in milliseconds since the epoch. */
  renderedAt?: number;
  /** When it was last found to be as it should be. */
  checkedAt?: number;
  bytes?: number;
  /** Queries without an answer. */
  missing: readonly string[];
  queries: readonly string[];
  /** Why the last attempt failed or is held. */
  error?: string;
  command?: { text: string; ok: boolean; outcome: string; output: string; at: number; tookMs: number };
  failures: number;
}
