import type { OptionSpec } from '../spec.js';

/** Every command takes these options. */
export const GLOBAL_OPTIONS: readonly OptionSpec[] = [
  {
    flags: '--addr <address>',
    description:
      'the daemon: unix:/path, http://127.0.0.1:port or https://name:port (default: FAIRLEAD_ADDR, else the local socket)',
  },
  { flags: '--token <token>', description: 'for a daemon at an address (default: FAIRLEAD_TOKEN)' },
  {
    flags: '--ca <file>',
    description:
      'certificates (PEM) that vouch for a daemon at https:// (default: FAIRLEAD_CA, else those of Node.js)',
  },
  { flags: '--color <when>', description: 'when to colour the output', choices: ['auto', 'always', 'never'] },
];

export const LIST_OPTIONS: readonly OptionSpec[] = [
  {
    flags: '-o, --output <format>',
    description: 'output format',
    choices: ['table', 'wide', 'json', 'yaml', 'ndjson', 'name'],
  },
  {
    flags: '--sort <column>',
    description: 'sort by this column, such as age; -age sorts in reverse',
  },
  { flags: '--no-headers', description: 'print no headers' },
  { flags: '--no-trunc', description: 'show ids and names in full' },
  { flags: '-q, --quiet', description: 'print only names (for tasks: ids), without notices' },
];

export const ONE_OPTIONS: readonly OptionSpec[] = [
  {
    flags: '-o, --output <format>',
    description: 'output format',
    choices: ['table', 'json', 'yaml', 'ndjson'],
  },
];

export const WATCH: OptionSpec = { flags: '-w, --watch', description: 'keep running and print changes' };

export const AS: OptionSpec = {
  flags: '--as <client>',
  description: 'ask as this client: an IP address, a container name or a task id',
};

export const WATCHING =
  'With --watch, a terminal shows the table again after each change. Elsewhere, and with -o json or ndjson, each change of state is one line.';

export const HEALTH: OptionSpec = {
  flags: '--health <health>',
  description: 'only tasks in this state',
  choices: ['initializing', 'healthy', 'unhealthy', 'reinitializing', 'draining', 'stopped'],
};

/** For commands that change something: a line says what was changed, unless a script does not want it. */
export const CHANGE_OPTIONS: readonly OptionSpec[] = [
  ...ONE_OPTIONS,
  { flags: '-q, --quiet', description: 'print nothing but errors' },
];

export const CONFIG_OPTIONS: readonly OptionSpec[] = [
  {
    flags: '--config <file>',
    description:
      'configuration file (default: FAIRLEAD_CONFIG, ./fairlead.yaml, /etc/fairlead/fairlead.yaml)',
  },
  {
    flags: '--set <key=value>',
    description: 'set one key; overrides file and environment; may be repeated',
    repeats: true,
  },
];

export const QUERY_FILTERS: readonly OptionSpec[] = (
  [
    ['client', 'asked by this task, service or address'],
    ['name', 'for this name'],
    ['type', 'for this record type: A, AAAA, ...'],
    ['rcode', 'with this response code: NOERROR, NXDOMAIN, ...'],
    ['by', 'answered from own names (own), the cache (cache) or an upstream (upstream)'],
  ] as const
).flatMap(([field, what]) => [
  {
    flags: `--${field} <pattern>`,
    description: `only queries ${what}; * stands for anything; may be repeated`,
    repeats: true,
  },
  {
    flags: `--not-${field} <pattern>`,
    description: `only queries not ${what}; may be repeated`,
    repeats: true,
  },
]);

export const NAME_ARGUMENTS = [
  {
    name: 'name',
    description: 'a name as a client would type it, or an address for its reverse name',
    required: true,
  },
  {
    name: 'type',
    description: 'record type: A, AAAA, SRV, PTR, CNAME, SOA, NS, TXT, ... (default: A, PTR for an address)',
    required: false,
  },
];

export const TARGET = {
  name: 'name',
  description: 'a service (web.shop, shop/web, web) or a task (name, id or id prefix)',
  required: false,
};
