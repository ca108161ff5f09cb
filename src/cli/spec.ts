import type { Context } from './context.js';

/** What a command line consists of. */
export interface ArgumentSpec {
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
}

export interface OptionSpec {
  /** As commander writes them: `-f, --follow`, `--as <client>`. */
  readonly flags: string;
  readonly description: string;
  readonly choices?: readonly string[];
  readonly default?: string;
  /** Whether it may be given several times. */
  readonly repeats?: boolean;
}

export interface ExampleSpec {
  readonly command: string;
  readonly says: string;
}

/** What a command's file exports. */
export interface CommandModule {
  /** @returns the exit code */
  run(context: Context): Promise<number>;
}

/** One command: all that help, reference and parser need, without the code that runs it. */
export interface CommandSpec {
  /** `services`, `config validate`. */
  readonly name: string;
  /** One line, without a full stop. */
  readonly summary: string;
  /** More text, for help and reference. */
  readonly description?: string;
  readonly arguments?: readonly ArgumentSpec[];
  readonly options?: readonly OptionSpec[];
  readonly examples: readonly ExampleSpec[];
  /** Loads the command's file. Nothing else is loaded, so client commands start fast. */
  readonly load: () => Promise<CommandModule>;
}
