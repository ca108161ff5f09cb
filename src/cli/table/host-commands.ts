import type { CommandSpec } from '../spec.js';
import { CHANGE_OPTIONS, CONFIG_OPTIONS, LIST_OPTIONS, ONE_OPTIONS } from './shared-options.js';

/** Tokens, the doctor, the configuration and the version. */
export const hostCommands: readonly CommandSpec[] = [
  {
    name: 'token create',
    summary: 'Make a token for clients of the API that do not use the unix socket, and print it once',
    description:
      'Works over the unix socket only. The daemon keeps no more than a hash of the token. docs/access.md says how the API is made available to other machines.',
    arguments: [
      { name: 'name', description: 'whose it is, or what for: shown in lists and events', required: true },
    ],
    options: [
      {
        flags: '--role <role>',
        description: 'viewer reads; operator also drains, checks and reloads',
        choices: ['viewer', 'operator'],
        default: 'viewer',
      },
      { flags: '--environment <name>', description: 'only this environment; may be repeated', repeats: true },
      { flags: '--stack <name>', description: 'only this stack; may be repeated', repeats: true },
      {
        flags: '--for <duration>',
        description: 'end after this time, such as 90d (default: when it is revoked)',
      },
      ...CHANGE_OPTIONS,
    ],
    examples: [
      { command: 'fairlead token create alice', says: 'for a person who reads' },
      {
        command: 'fairlead token create ci --role operator --stack shop --for 90d',
        says: 'for a program that drains',
      },
      {
        command: 'fairlead token create prometheus -q > /etc/prometheus/fairlead.token',
        says: 'the token and nothing else',
      },
    ],
    load: () => import('../commands/token-create.js'),
  },
  {
    name: 'token list',
    summary: 'Show the tokens, without their secrets',
    options: LIST_OPTIONS,
    examples: [{ command: 'fairlead token list', says: 'who may do what, and when each was last used' }],
    load: () => import('../commands/token-list.js'),
  },
  {
    name: 'token revoke',
    summary: 'End a token: its sessions and streams end at once',
    arguments: [{ name: 'token', description: 'its name or id', required: true }],
    options: CHANGE_OPTIONS,
    examples: [{ command: 'fairlead token revoke alice', says: 'what this token began has ended' }],
    load: () => import('../commands/token-revoke.js'),
  },
  {
    name: 'doctor',
    summary: 'Check this host: rights, address, port, virtual IPs, Docker, resolv.conf, Node, the daemon',
    description:
      'Works without a daemon. Each check is OK, WARN or FAIL, and says what to do. The exit code is 1 when a check fails.',
    options: [...ONE_OPTIONS, ...CONFIG_OPTIONS],
    examples: [
      { command: 'fairlead doctor', says: 'before the first start, and when something does not work' },
      { command: 'fairlead doctor -o json', says: 'for a script' },
    ],
    load: () => import('../commands/doctor.js'),
  },
  {
    name: 'config validate',
    summary: 'Check a configuration file',
    arguments: [
      {
        name: 'file',
        description: 'the file, or - for standard input (default: the file that run would use)',
        required: false,
      },
    ],
    options: [...ONE_OPTIONS, ...CONFIG_OPTIONS.slice(1)],
    examples: [
      { command: 'fairlead config validate', says: 'the file that run would use' },
      { command: 'fairlead config validate new.yaml', says: 'another file, before it is installed' },
    ],
    load: () => import('../commands/config-validate.js'),
  },
  {
    name: 'config show',
    summary: 'Show every setting in effect and where it comes from',
    options: [...ONE_OPTIONS, { flags: '--no-trunc', description: 'show values in full' }, ...CONFIG_OPTIONS],
    examples: [
      {
        command: 'fairlead config show',
        says: 'each key, its value, and the file, variable or flag that sets it',
      },
      { command: 'FAIRLEAD_DNS__TTL=5 fairlead config show -o json', says: 'for a script' },
    ],
    load: () => import('../commands/config-show.js'),
  },
  {
    name: 'config schema',
    summary: 'Print the JSON schema of the configuration, for editors',
    examples: [
      { command: 'fairlead config schema > fairlead.schema.json', says: 'a file that editors can use' },
    ],
    load: () => import('../commands/config-schema.js'),
  },
  {
    name: 'version',
    summary: 'Show the versions of this command and of the daemon',
    options: ONE_OPTIONS,
    examples: [{ command: 'fairlead version', says: 'both versions; warns when they differ' }],
    load: () => import('../commands/version.js'),
  },
];
