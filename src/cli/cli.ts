import { Command, CommanderError, Option } from 'commander';
import { Context, type StartDaemon } from './context.js';
import { consulTemplateFlags, WRONG_FLAGS } from './consul-template-flags.js';
import { EXIT } from './exit-codes.js';
import { reportFailure } from './failure.js';
import type { Io } from './io.js';
import type { CommandSpec, OptionSpec } from './spec.js';
import { COMMANDS, GROUPS } from './command-table.js';
import { GLOBAL_OPTIONS } from './table/shared-options.js';
import { fairleadVersion } from './fairlead-version.js';

export interface CliOptions {
  /** The words after the command's own name. */
  readonly argv: readonly string[];
  readonly io: Io;
  readonly startDaemon: StartDaemon;
}

/** Runs one command line. Never rejects. @returns the exit code */
export async function runCli({ argv, io, startDaemon }: CliOptions): Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = buildProgram(io, async (spec, args, options) => {
    const command = await spec.load();
    exitCode = await command.run(new Context(io, startDaemon, args, options));
  });
  try {
    await program.parseAsync(flagsOf(argv), { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : usageCode(argv);
    return reportFailure(error, io);
  }
}

/** `render` stands in for consul-template, whose flags have one dash: `-once`, `-template=in:out`. */
function flagsOf(argv: readonly string[]): string[] {
  const at = commandAt(argv);
  return argv[at] === 'render' ? [...argv.slice(0, at), ...consulTemplateFlags(argv.slice(at))] : [...argv];
}

/** Where a command replaces consul-template, wrong flags give consul-template's exit code. */
function usageCode(argv: readonly string[]): number {
  return argv[commandAt(argv)] === 'render' ? WRONG_FLAGS : EXIT.usage;
}

/** The index of the command, which options of all commands may precede. They all take a value. */
function commandAt(argv: readonly string[]): number {
  const names = GLOBAL_OPTIONS.map(({ flags }) => flags.split(' ')[0]);
  let at = 0;
  while (names.includes(argv[at]?.split('=')[0])) at += argv[at]?.includes('=') === true ? 1 : 2;
  return at;
}

type Action = (
  spec: CommandSpec,
  args: readonly (string | undefined)[],
  options: Readonly<Record<string, unknown>>,
) => Promise<void>;

function buildProgram(io: Io, action: Action): Command {
  const program = new Command('fairlead')
    .description('Service discovery and DNS for the containers of this host.')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
      getOutHelpWidth: () => io.stdout.columns ?? 100,
      getErrHelpWidth: () => io.stderr.columns ?? 100,
      outputError: (text, write) =>
        write(`fairlead: ${oneLine(text)}; "fairlead --help" lists commands and options\n`),
    })
    .configureHelp({ showGlobalOptions: true })
    // Read only on request, because it is a file.
    .option('-V, --version', 'print the version')
    .on('option:version', () => {
      io.stdout.write(`${fairleadVersion()}\n`);
      throw new CommanderError(EXIT.ok, 'commander.version', '');
    });
  for (const option of GLOBAL_OPTIONS) program.addOption(toOption(option));
  program.addHelpText('after', '\nExit codes and more: docs/cli.md\n');

  const groups = new Map<string, Command>();
  for (const spec of COMMANDS) {
    const words = spec.name.split(' ');
    const last = words.pop() ?? '';
    const [group] = words;
    const parent = group === undefined ? program : groupOf(program, groups, group);
    const command = parent.command(last).summary(spec.summary);
    command.description([spec.summary, spec.description].filter(Boolean).join('.\n'));
    for (const { name, description, required } of spec.arguments ?? []) {
      command.argument(required ? `<${name}>` : `[${name}]`, description);
    }
    for (const option of spec.options ?? []) command.addOption(toOption(option));
    command.addHelpText('after', `\nExamples:\n${examples(spec)}`);
    command.action((...all: unknown[]) => {
      const args = all
        .slice(0, spec.arguments?.length ?? 0)
        .map((each) => (typeof each === 'string' ? each : undefined));
      return action(spec, args, command.optsWithGlobals());
    });
  }
  return program;
}

function groupOf(program: Command, groups: Map<string, Command>, name: string): Command {
  const known = groups.get(name);
  if (known) return known;
  const group = program.command(name).description(GROUPS[name] ?? '');
  groups.set(name, group);
  return group;
}

function toOption({ flags, description, choices, default: preset, repeats }: OptionSpec): Option {
  const option = new Option(flags, description);
  if (choices) option.choices(choices);
  if (preset !== undefined) option.default(preset);
  if (repeats) option.argParser((value: string, before: string[] | undefined) => [...(before ?? []), value]);
  return option;
}

function examples({ examples: all }: CommandSpec): string {
  return all.map(({ command, says }) => `  $ ${command}\n      ${says}\n`).join('');
}

/** commander's `error: unknown command 'x'\n(Did you mean y?)` as one line. */
function oneLine(text: string): string {
  return text
    .trim()
    .replace(/^error: /, '')
    .replace(/\.$/, '')
    .replace(/\s*\n\s*/g, ' ');
}
