/** A program with its arguments, or a line for the shell. */
export type Command = string | readonly string[];

/** A command as a person would type it. */
export function commandText(command: Command): string {
  return typeof command === 'string'
    ? command
    : command
        .map((part) => (/^[\w@%+=:,./{}-]+$/.test(part) ? part : `'${part.replaceAll("'", "'\\''")}'`))
        .join(' ');
}
