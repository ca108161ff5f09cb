import type { CommandSpec } from './spec.js';
import { catalogCommands } from './table/catalog-commands.js';
import { daemonCommands } from './table/daemon-commands.js';
import { hostCommands } from './table/host-commands.js';
import { queryCommands } from './table/query-commands.js';

/** Every command, in the order of help and reference. */
export const COMMANDS: readonly CommandSpec[] = [
  ...daemonCommands,
  ...catalogCommands,
  ...queryCommands,
  ...hostCommands,
];

/** Help for the words in front of a subcommand. */
export const GROUPS: Readonly<Record<string, string>> = {
  config: 'Check and show the configuration',
  dns: 'See DNS queries while they are answered',
  template: 'Try templates out',
  token: 'Manage the tokens of clients over TCP',
};
