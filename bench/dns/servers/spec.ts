import type { Program } from '../processes.js';
import type { Question } from '../question.js';
import type { Scenario, ServerKey } from '../scenario.js';
import type { BenchService } from '../zone.js';

/** Where a server is to run and what it is to answer. */
export interface Site {
  /** An empty directory of its own. */
  readonly dir: string;
  /** On 127.0.0.1, UDP. */
  readonly port: number;
  readonly zone: readonly BenchService[];
  readonly scenario: Scenario;
  /** The port of the server that has the foreign names, on 127.0.0.1. */
  readonly upstream: number;
  readonly freePort: () => Promise<number>;
  /** Writes a file into the directory. @returns its path */
  readonly write: (name: string, content: string | Buffer) => string;
}

/** How one server is set up: one thread, no logs, answers that rotate where it can. */
export interface ServerSpec {
  readonly key: ServerKey;
  readonly title: string;
  /** A server of others, that Fairlead is compared with. */
  readonly peer: boolean;
  /** A program that must be there, and the command that installs it. */
  readonly needs?: { readonly program: string; readonly install: string };
  readonly launch: (site: Site) => Promise<Program> | Program;
  /** The question in this server's own naming, and what it answers. */
  readonly translate?: (question: Question, site: Site) => Question;
}
