import { readFileSync } from 'node:fs';
import { errorMessage } from '../net/error-message.js';
import { fromBytes, toBytes } from '../template/byte-strings.js';
import { fileFault } from '../text/file-fault.js';
import { caret, TemplateError } from '../template/template-error.js';
import { KeptLoops } from '../template/kept-loops.js';
import { Template } from '../template/template.js';
import type { Value } from '../template/value.js';
import { allFunctions } from './functions/all-functions.js';
import type { HostAccess } from './functions/host-functions.js';
import { RunContext, type QueryPort } from './run-context.js';
import type { WithoutRights } from './spawn-program.js';
import { sourceName, type Target } from './template-target.js';

/** Settings shared by all runs of all templates. */
export interface RunSettings {
  host: Omit<HostAccess, 'sandbox' | 'runAs' | 'withoutRights'>;
  now: () => number;
  /** What check and command have for an environment; without it Fairlead's own. */
  commandEnvironment?: Readonly<Record<string, string | undefined>>;
  /** Starts programs without the capabilities that Fairlead itself was given. */
  withoutRights?: WithoutRights | undefined;
}

/** The outcome of one run. */
export type RunResult =
  | { kind: 'output'; bytes: Buffer; run: RunContext }
  /** Some query has no answer yet. */
  | { kind: 'incomplete'; run: RunContext }
  | { kind: 'error'; message: string; run: RunContext };

/** A target's template, parsed once for each version of its file. */
export class TargetTemplate {
  readonly target: Target;
  readonly #settings: RunSettings;
  #text: string | undefined;
  #parsed: Template | undefined;
  #kept = new KeptLoops();
  /** What the last run found in the file; undefined: it could not be read. */
  #found: string | undefined;

  constructor(target: Target, settings: RunSettings) {
    this.target = target;
    this.#settings = settings;
  }

  /** Runs the template with the answers known so far. */
  run(port: QueryPort, dot?: Value): RunResult {
    const run = new RunContext(port);
    let text = '';
    try {
      text = this.#read();
      const functions = allFunctions(run, this.#functionOptions());
      const output = this.#template(text, functions).execute(dot, functions, this.#kept);
      if (run.missing.size > 0) return { kind: 'incomplete', run };
      return { kind: 'output', bytes: toBytes(output), run };
    } catch (error) {
      // Ignore the error, because a run without all answers may fail where a complete one would not: `index (service
      // "web") 0`.
      if (run.missing.size > 0) return { kind: 'incomplete', run };
      return { kind: 'error', message: this.#problem(error, text), run };
    }
  }

  /** What is wrong with the template itself; it is not run. */
  parseProblem(): string | undefined {
    let text = '';
    try {
      text = this.#read();
      const none: QueryPort = { answer: () => undefined };
      this.#template(text, allFunctions(new RunContext(none), this.#functionOptions()));
      return undefined;
    } catch (error) {
      return this.#problem(error, text);
    }
  }

  /** Whether the file of the template has another text than at the last run. */
  isSourceChanged(): boolean {
    let now: string | undefined;
    try {
      now = this.#load();
    } catch {
      now = undefined;
    }
    return now !== this.#found;
  }

  #read(): string {
    this.#found = undefined;
    return (this.#found = this.#load());
  }

  #load(): string {
    const { source } = this.target;
    if ('text' in source) return source.text;
    try {
      return fromBytes(readFileSync(source.file));
    } catch (error) {
      throw new Error(fileFault(error), { cause: error });
    }
  }

  #functionOptions() {
    const { sandbox, deniedFunctions, commandUser: runAs } = this.target;
    const { host, withoutRights } = this.#settings;
    return {
      host: {
        ...{ ...host, withoutRights },
        ...(runAs !== undefined && { runAs }),
        ...(sandbox !== undefined && { sandbox }),
      },
      now: this.#settings.now,
      denied: deniedFunctions,
    };
  }

  #template(text: string, functions: ReturnType<typeof allFunctions>): Template {
    if (this.#parsed === undefined || this.#text !== text) {
      const { delimiters, errorOnMissingKey } = this.target;
      this.#parsed = Template.parse(sourceName(this.target), text, {
        functions,
        missingKey: errorOnMissingKey ? 'error' : 'zero',
        ...(delimiters !== undefined && { delimiters }),
      });
      this.#text = text;
      this.#kept = new KeptLoops();
    }
    return this.#parsed;
  }

  #problem(error: unknown, text: string): string {
    if (!(error instanceof TemplateError)) return `${sourceName(this.target)}: ${errorMessage(error)}`;
    return templateProblem(error, text);
  }
}

/** `file:line:column: what is wrong`, with the line and a caret below. */
export function templateProblem(error: TemplateError, text: string): string {
  const { place, message } = error;
  if (place === undefined) return message;
  const words = message.replace(/^template: [^\n]*?:\d+(?::\d+)?: /, '');
  return `${place.file}:${place.line}:${place.column}: ${words}\n${caret(place, text)}`;
}
