import { readFileSync } from 'node:fs';
import { errorMessage } from '../net/error-message.js';
import { fromBytes, toBytes } from '../template/bytes.js';
import { caret, TemplateError } from '../template/template-error.js';
import { Template } from '../template/template.js';
import type { Value } from '../template/value.js';
import { allFunctions } from './functions/all-functions.js';
import type { HostAccess } from './functions/host-functions.js';
import { RunContext, type QueryPort } from './run-context.js';
import { sourceName, type Target } from './target.js';

/** What every run of every template has in common. */
export interface RunSettings {
  host: Omit<HostAccess, 'sandbox'>;
  now: () => number;
}

/** The outcome of one run. */
export type RunResult =
  | { kind: 'output'; bytes: Buffer; run: RunContext }
  /** Some query has no answer yet. */
  | { kind: 'incomplete'; run: RunContext }
  | { kind: 'error'; message: string; run: RunContext };

/** A template of a target, parsed once for each version of its file. */
export class TargetTemplate {
  readonly target: Target;
  readonly #settings: RunSettings;
  #text: string | undefined;
  #parsed: Template | undefined;

  constructor(target: Target, settings: RunSettings) {
    this.target = target;
    this.#settings = settings;
  }

  /** Runs the template over what is known now. */
  run(port: QueryPort, dot?: Value): RunResult {
    const run = new RunContext(port);
    let text = '';
    try {
      text = this.#read();
      const functions = allFunctions(run, this.#functionOptions());
      const output = this.#template(text, functions).execute(dot, functions);
      if (run.missing.size > 0) return { kind: 'incomplete', run };
      return { kind: 'output', bytes: toBytes(output), run };
    } catch (error) {
      // A run without all its answers may fail where the complete one will not: `index (service "web") 0`.
      if (run.missing.size > 0) return { kind: 'incomplete', run };
      return { kind: 'error', message: this.#problem(error, text), run };
    }
  }

  #read(): string {
    const { source } = this.target;
    return 'text' in source ? source.text : fromBytes(readFileSync(source.file));
  }

  #functionOptions() {
    const { sandbox, deniedFunctions } = this.target;
    return {
      host: { ...this.#settings.host, ...(sandbox !== undefined && { sandbox }) },
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
