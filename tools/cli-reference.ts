import { EXIT_MEANINGS } from '../src/cli/exit-codes.js';
import type { CommandSpec, OptionSpec } from '../src/cli/spec.js';
import { COMMANDS } from '../src/cli/command-table.js';
import { GLOBAL_OPTIONS } from '../src/cli/table/shared-options.js';
import { wrapText } from './wrap-text.js';

/** docs/cli.md: everything that the command table says, as a page. */
export function cliReference(): string {
  return `<!-- Made from src/cli/table/; "npx vitest run --project unit test/tools/cli-reference -u" writes it again. -->

# The command line

\`fairlead\` runs the daemon and asks it. Data goes to stdout, everything else to stderr. \`fairlead COMMAND --help\` shows
the same as this page.

## Where the daemon is

\`--addr\` names it, else the variable \`FAIRLEAD_ADDR\`; else it is the first socket that exists of
\`/run/fairlead/fairlead.sock\` and \`/tmp/fairlead-UID/fairlead.sock\`, where a daemon without privileges listens
(\`npm start\`).

## Options of every command

${optionTable(GLOBAL_OPTIONS)}

Colour is on when stdout is a terminal. \`--color\` decides first, then \`FORCE_COLOR\`, then \`NO_COLOR\`. Nothing is said
by colour alone.

## Output

\`-o table\` is for people and may change. On a terminal that is too narrow long names lose their middle, and columns are
left out where that is not enough; a line on stderr names them, and \`--no-trunc\` keeps everything. Scripts take
\`-o json\` or \`-o yaml\` (one document), \`-o ndjson\` (one object a line) or \`-o name\`: their keys are those of the
API ([api.md](api.md)) and stay. Lists are JSON arrays. \`--sort COLUMN\` sorts by a column in every format;
\`--sort -COLUMN\` sorts in reverse.

## Exit codes

| code | meaning |
| --- | --- |
${EXIT_MEANINGS.map(([code, meaning]) => `| ${code} | ${meaning} |`).join('\n')}

## Commands

${COMMANDS.map(section).join('\n')}`;
}

function section(spec: CommandSpec): string {
  const words = (spec.arguments ?? []).map(({ name, required }) =>
    required ? ` ${name.toUpperCase()}` : ` [${name.toUpperCase()}]`,
  );
  const args = (spec.arguments ?? []).map(({ name, description }) =>
    wrapText(`- \`${name.toUpperCase()}\`: ${description}`, '  '),
  );
  const examples = spec.examples.map(({ command, says }) => `# ${says}\n${command}`);
  return [
    `### fairlead ${spec.name}${words.join('')}`,
    wrapText([`${spec.summary}.`, spec.description].filter(Boolean).join(' ')),
    args.join('\n'),
    spec.options === undefined ? '' : optionTable(spec.options),
    `\`\`\`sh\n${examples.join('\n\n')}\n\`\`\``,
  ]
    .filter((part) => part !== '')
    .map((part) => `${part}\n`)
    .join('\n');
}

function optionTable(options: readonly OptionSpec[]): string {
  const cell = (text: string) => text.replaceAll('|', '\\|');
  const rows = options.map(({ flags, description, choices, default: preset }) => {
    const more = [
      choices === undefined ? '' : `: ${choices.map((choice) => `\`${choice}\``).join(', ')}`,
      preset === undefined ? '' : ` (default \`${preset}\`)`,
    ];
    return `| \`${cell(flags)}\` | ${cell(description)}${more.join('')} |`;
  });
  return `| option | meaning |\n| --- | --- |\n${rows.join('\n')}`;
}
