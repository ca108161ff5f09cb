/** The last command for a target. */
export interface TemplateCommandJson {
  readonly text: string;
  readonly ok: boolean;
  /** `exit status 0`, `signal SIGKILL`. */
  readonly outcome: string;
  /** The last 64 KiB of its output. */
  readonly output: string;
  /** ISO 8601. */
  readonly at: string;
  readonly tookMs: number;
}

/** A file rendered from a template. */
export interface TemplateJson {
  readonly source: string;
  readonly destination: string;
  /**
   * `waiting`, `rendered`, `held` (too few instances) or `failed`; in the last two states the last good file is kept.
   */
  readonly state: 'waiting' | 'rendered' | 'held' | 'failed';
  /** When the file was last written; ISO 8601. */
  readonly renderedAt?: string;
  readonly bytes?: number;
  /** Its queries to the catalog. */
  readonly queries: readonly string[];
  /** The queries without an answer so far. */
  readonly missing: readonly string[];
  readonly error?: string;
  readonly command?: TemplateCommandJson;
  /** Failed attempts in a row. */
  readonly failures: number;
}

/** The program that reads the rendered files (`render.exec`). */
export interface ProgramJson {
  readonly text: string;
  /** `waiting` until every file is there; `restarting` after it ended by itself. */
  readonly state: 'waiting' | 'running' | 'restarting' | 'ended';
  readonly pid?: number;
  /** ISO 8601. */
  readonly startedAt?: string;
  /** How often it was started again because it had ended by itself. */
  readonly restarts: number;
  /** How it ended last: `exit status 1`. */
  readonly outcome?: string;
}

export interface TemplateListJson {
  readonly templates: readonly TemplateJson[];
  /** Present where the configuration has `render.exec`. */
  readonly program?: ProgramJson;
}
