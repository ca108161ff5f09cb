import type { CommandSpec, OptionSpec } from './spec.js';

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

const LIST_OPTIONS: readonly OptionSpec[] = [
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

const ONE_OPTIONS: readonly OptionSpec[] = [
  {
    flags: '-o, --output <format>',
    description: 'output format',
    choices: ['table', 'json', 'yaml', 'ndjson'],
  },
];

const WATCH: OptionSpec = { flags: '-w, --watch', description: 'keep running and print changes' };

const AS: OptionSpec = {
  flags: '--as <client>',
  description: 'ask as this client: an IP address, a container name or a task id',
};

const WATCHING =
  'With --watch, a terminal shows the table again after each change. Elsewhere, and with -o json or ndjson, each change of state is one line.';

const HEALTH: OptionSpec = {
  flags: '--health <health>',
  description: 'only tasks in this state',
  choices: ['initializing', 'healthy', 'unhealthy', 'reinitializing', 'draining', 'stopped'],
};

/** For commands that change something: a line says what was changed, unless a script does not want it. */
const CHANGE_OPTIONS: readonly OptionSpec[] = [
  ...ONE_OPTIONS,
  { flags: '-q, --quiet', description: 'print nothing but errors' },
];

const CONFIG_OPTIONS: readonly OptionSpec[] = [
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

const QUERY_FILTERS: readonly OptionSpec[] = (
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

const NAME_ARGUMENTS = [
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

const TARGET = {
  name: 'name',
  description: 'a service (web.shop, shop/web, web) or a task (name, id or id prefix)',
  required: false,
};

/** Every command, in the order of help and reference. */
export const COMMANDS: readonly CommandSpec[] = [
  {
    name: 'run',
    summary: 'Run the daemon in the foreground',
    description:
      'Reads the configuration, watches the sources, answers DNS and serves the API. SIGTERM or Ctrl-C stops it. SIGHUP makes it read the configuration again.',
    options: [
      ...CONFIG_OPTIONS,
      {
        flags: '--adopt <which>',
        description: "which containers ask Fairlead instead of Docker's resolver (sources.docker.adopt)",
        choices: ['auto', 'all', 'off'],
      },
      {
        flags: '--takeover',
        description:
          'take over from a running Fairlead with the same state directory: it answers until this one is ready, then exits',
      },
      {
        flags: '--demo <when>',
        description:
          'serve embedded demo tasks on loopback: always, or when Docker or the rights are missing (auto)',
        choices: ['auto', 'always', 'never'],
        default: 'never',
      },
    ],
    examples: [
      { command: 'fairlead run', says: 'with ./fairlead.yaml or /etc/fairlead/fairlead.yaml' },
      {
        command: 'fairlead run --config test.yaml --set dns.ttl=5',
        says: 'with another file, and one key changed',
      },
      {
        command: 'fairlead run --adopt all',
        says: 'every container of the host asks Fairlead; "fairlead release" undoes it',
      },
      {
        command: 'fairlead run --takeover',
        says: 'restart or upgrade without an unanswered query',
      },
      { command: 'fairlead run --demo auto', says: 'try it, with or without Docker' },
    ],
    load: () => import('./commands/run.js'),
  },
  {
    name: 'status',
    summary: 'Show the daemon at a glance: sources, listeners, counters, problems',
    options: ONE_OPTIONS,
    examples: [
      { command: 'fairlead status', says: 'is everything fine, and how old is the data?' },
      {
        command: "fairlead status -o json | jq '.problems'",
        says: 'everything that could not be used, for a script',
      },
    ],
    load: () => import('./commands/status.js'),
  },
  {
    name: 'reload',
    summary: 'Make the daemon read its configuration again, and print the result',
    description:
      'Does the same as sending SIGHUP to the daemon. If the new configuration cannot be used, the old one stays in effect.',
    options: CHANGE_OPTIONS,
    examples: [
      { command: 'fairlead config validate && fairlead reload', says: 'check for mistakes first' },
      { command: 'fairlead reload -o json', says: 'the result, for a script' },
    ],
    load: () => import('./commands/reload.js'),
  },
  {
    name: 'restart',
    summary: 'Restart the daemon without an unanswered query or a refused connection',
    description:
      'The daemon starts a successor with the arguments that it was started with. The old process answers until the new one does. It keeps open connections for up to 30 seconds, and then ends. If the successor cannot start, the old process keeps serving. Not in a container, where the first process must stay.',
    options: CHANGE_OPTIONS,
    examples: [
      { command: 'npm install --global fairlead && fairlead restart', says: 'upgrade' },
      { command: 'fairlead restart -o json', says: 'with the new pid, for a script' },
    ],
    load: () => import('./commands/restart.js'),
  },
  {
    name: 'templates',
    summary: 'Show the files rendered from templates: last render, command, error',
    options: LIST_OPTIONS,
    examples: [
      { command: 'fairlead templates', says: 'is every file up to date with the catalog, and if not, why?' },
      { command: 'fairlead templates -o json', says: 'with the output of each command' },
    ],
    load: () => import('./commands/templates.js'),
  },
  {
    name: 'render',
    summary: "Render files from templates as consul-template does, with consul-template's flags",
    description:
      'Asks the daemon, or with -consul-addr or CONSUL_HTTP_ADDR Consul itself. Flags may have one dash or two. Flags of consul-template that change nothing here (-dedup, -log-level, -max-stale, ...) are passed over; those of Vault, Nomad and -consul-ssl are refused. Exit codes are those of consul-template: 0 done, 12 interrupted, 13 wrong flags, 14 a template, a command or Consul failed, 15 wrong configuration; with -exec that of the program. With -diff, 1 says that something would change.',
    options: [
      {
        flags: '--template <in:out[:command]>',
        description: 'a template, the file to write, and what to run afterwards; may be repeated',
        repeats: true,
      },
      {
        flags: '--config <file>',
        description:
          "consul-template's configuration (HCL, JSON) or Fairlead's (YAML), or a directory of such files; may be repeated",
        repeats: true,
      },
      { flags: '--once', description: 'render once and end' },
      { flags: '--dry', description: 'print the files instead of writing them; run no command' },
      { flags: '--diff', description: 'print what would change and end; write nothing' },
      { flags: '--wait <min[:max]>', description: 'gather changes for so long, such as 5s:10s' },
      { flags: '--consul-addr <address>', description: 'ask this Consul agent instead of the daemon' },
      { flags: '--consul <address>', description: 'the older name of -consul-addr' },
      { flags: '--consul-token <token>', description: "Consul's token (default: CONSUL_HTTP_TOKEN)" },
      { flags: '--consul-token-file <file>', description: 'a file that holds the token' },
      { flags: '--consul-auth <user:password>', description: 'a login for a proxy in front of Consul' },
      {
        flags: '--consul-retry-attempts <n>',
        description: 'with -once: attempts in a row before a query is given up (default: 12)',
      },
      {
        flags: '--exec <command>',
        description: 'run this program once everything is rendered, and reload it',
      },
      {
        flags: '--exec-reload-signal <signal>',
        description: 'what a change sends it (default: stop and start)',
      },
      {
        flags: '--exec-kill-signal <signal>',
        description: 'what stops it (default: SIGINT, as in consul-template)',
      },
      { flags: '--exec-kill-timeout <duration>', description: 'how long it has to end (default: 30s)' },
      {
        flags: '--exec-splay <duration>',
        description: 'pass a change on after a random part of this time',
      },
      { flags: '--kill-signal <signal>', description: 'what ends the run besides SIGINT and SIGTERM' },
      {
        flags: '--reload-signal <signal>',
        description: 'what reads configuration and templates again (default: SIGHUP)',
      },
      { flags: '--pid-file <file>', description: 'write the number of the process to this file' },
      { flags: '--parse-only', description: 'read the templates, say what is wrong with them, and end' },
      {
        flags: '--default-left-delimiter <text>',
        description: 'instead of {{, for templates that name none',
      },
      {
        flags: '--default-right-delimiter <text>',
        description: 'instead of }}, for templates that name none',
      },
      {
        flags: '--published',
        description: 'from the daemon: the addresses on which the host publishes ports',
      },
      { flags: '--allow-plugin', description: 'templates may run programs with plugin' },
      { flags: '--allow-write-to-file', description: 'templates may write files with writeToFile' },
      { flags: '-q, --quiet', description: 'print no warnings' },
    ],
    examples: [
      {
        command: 'fairlead render -consul-addr 127.0.0.1:8500 -template "consul.ctmpl:consul.result" -once',
        says: "the first example of Consul's documentation, without consul-template",
      },
      {
        command: 'fairlead render -template "upstream.ctmpl:/etc/nginx/conf.d/upstream.conf:nginx -s reload"',
        says: "follow the daemon's catalog without a configuration",
      },
      {
        command: 'fairlead render -diff',
        says: 'what would change in the files named in the configuration?',
      },
    ],
    load: () => import('./commands/render.js'),
  },
  {
    name: 'template eval',
    summary: 'Execute a template over data from a file, to try it out',
    arguments: [{ name: 'file', description: 'the template; - is standard input', required: true }],
    options: [
      { flags: '--data <file>', description: 'the value of the dot, as JSON or YAML' },
      { flags: '--error-on-missing-key', description: 'treat a missing map key as an error' },
      { flags: '--left-delimiter <text>', description: 'the left delimiter, instead of {{' },
      { flags: '--right-delimiter <text>', description: 'the right delimiter, instead of }}' },
      { flags: '-q, --quiet', description: 'print only the output' },
    ],
    examples: [
      {
        command: 'fairlead template eval upstream.ctmpl --data servers.json',
        says: 'print the output, or the place of the mistake',
      },
    ],
    load: () => import('./commands/template-eval.js'),
  },
  {
    name: 'services',
    summary: 'List services',
    description: WATCHING,
    options: [...LIST_OPTIONS, { flags: '--stack <stack>', description: 'only those in this stack' }, WATCH],
    examples: [
      { command: 'fairlead services --watch', says: 'follow their changes' },
      { command: 'fairlead services', says: 'all services, with their numbers of healthy tasks' },
      {
        command: 'fairlead services --stack shop -o wide',
        says: 'the services of one stack, with more columns',
      },
    ],
    load: () => import('./commands/services.js'),
  },
  {
    name: 'service',
    summary: 'Show one service and its tasks',
    arguments: [
      {
        name: 'name',
        description: 'web.shop, logger.web.shop (a sidekick), shop/web, a full name, or just web',
        required: true,
      },
    ],
    options: [...ONE_OPTIONS, { flags: '--no-trunc', description: 'show ids and names in full' }],
    examples: [
      { command: 'fairlead service web.shop', says: 'service web of stack shop' },
      { command: 'fairlead service web', says: 'the same, if only one stack has a service web' },
    ],
    load: () => import('./commands/service.js'),
  },
  {
    name: 'tasks',
    summary: 'List tasks',
    description: WATCHING,
    options: [
      ...LIST_OPTIONS,
      { flags: '--stack <stack>', description: 'only those in this stack' },
      { flags: '--service <service>', description: 'only tasks of services with this name' },
      HEALTH,
      WATCH,
    ],
    examples: [
      { command: 'fairlead tasks', says: 'all tasks, by service and name' },
      { command: 'fairlead tasks --health unhealthy', says: 'tasks that are out of rotation' },
      { command: 'fairlead tasks --service web -q', says: 'ids, for a script' },
    ],
    load: () => import('./commands/tasks.js'),
  },
  {
    name: 'hosts',
    summary: 'List the hosts of the catalog: address, version, tasks, age of what is known',
    description:
      'Many hosts form one catalog through Consul. A host without tasks is not listed, except this one. While Consul is away, what is known of other hosts is served and gets older.',
    options: LIST_OPTIONS,
    examples: [
      { command: 'fairlead hosts', says: 'which hosts are there, and is what is known of them current?' },
      { command: "fairlead hosts -o json | jq '.[].address'", says: 'their addresses, for a script' },
    ],
    load: () => import('./commands/hosts.js'),
  },
  {
    name: 'health',
    summary: 'List the tasks that have a check, with the result of the last probe',
    description:
      'With --watch, a terminal shows the table again every second and after each event. Elsewhere, and with -o json or ndjson, each change of state that lasts 100 ms is one line.',
    arguments: [
      {
        name: 'name',
        description: 'only this service (web.shop, shop/web, web) or task (name, id or id prefix)',
        required: false,
      },
    ],
    options: [
      ...LIST_OPTIONS,
      { flags: '--stack <stack>', description: 'only those in this stack' },
      HEALTH,
      WATCH,
    ],
    examples: [
      { command: 'fairlead health', says: 'all checks, by service and name' },
      { command: 'fairlead health web.shop --watch', says: 'watch a service while it is replaced' },
      { command: 'fairlead health --health unhealthy -o wide', says: 'tasks that are out, and why' },
    ],
    load: () => import('./commands/health.js'),
  },
  {
    name: 'vips',
    summary: 'List virtual IPs, the tasks behind them, and their connections',
    description:
      'With --watch, a terminal shows the table again every second. Elsewhere, and with -o json or ndjson, each change of state is one line.',
    arguments: [
      { name: 'service', description: 'only this service (web.shop, shop/web, web)', required: false },
    ],
    options: [...LIST_OPTIONS, { flags: '--stack <stack>', description: 'only those in this stack' }, WATCH],
    examples: [
      { command: 'fairlead vips', says: 'all virtual IPs, port by port' },
      { command: 'fairlead vips web.shop --watch', says: 'where its connections go while it is replaced' },
      {
        command: 'fairlead vips -o json | jq \'.[] | select(.state != "up")\'',
        says: 'ports that serve no clients',
      },
    ],
    load: () => import('./commands/vips.js'),
  },
  {
    name: 'drain',
    summary:
      'Send no new traffic to a task or to all tasks of a service; without a name, list what is drained',
    description:
      'The tasks leave DNS at once and get no new connections; open connections continue. A drain lasts until its time is over or "fairlead undrain" ends it. A second drain replaces the first.',
    arguments: [TARGET],
    options: [
      { flags: '--for <time>', description: 'end the drain after this time: 30s, 5m, 1h30m' },
      { flags: '--note <text>', description: 'the reason, for colleagues' },
      ...LIST_OPTIONS,
    ],
    examples: [
      { command: 'fairlead drain shop_web_1', says: 'one task, until "fairlead undrain shop_web_1"' },
      {
        command: 'fairlead drain web.shop --for 10m --note "new disk"',
        says: 'a whole service, for ten minutes',
      },
      { command: 'fairlead drain', says: 'what is drained' },
    ],
    load: () => import('./commands/drain.js'),
  },
  {
    name: 'undrain',
    summary: 'End a drain',
    arguments: [{ ...TARGET, required: true }],
    options: CHANGE_OPTIONS,
    examples: [
      { command: 'fairlead undrain shop_web_1', says: 'the task gets traffic again once it is healthy' },
      { command: 'fairlead undrain web.shop', says: 'the same for a whole service' },
    ],
    load: () => import('./commands/undrain.js'),
  },
  {
    name: 'beat',
    summary: 'Report the state of a task, for its check of type ttl',
    description: 'A task without a report for longer than its interval becomes unhealthy.',
    arguments: [{ name: 'task', description: 'a container name, a task id or an id prefix', required: true }],
    options: [
      { flags: '--fail', description: 'report that it is not well' },
      { flags: '--note <text>', description: 'the reason that it gives' },
      ...CHANGE_OPTIONS,
    ],
    examples: [
      { command: 'fairlead beat shop_worker_1 -q', says: 'report that it is well, from cron or a script' },
      { command: 'fairlead beat shop_worker_1 --fail --note "queue is full"', says: 'report that it is not' },
    ],
    load: () => import('./commands/beat.js'),
  },
  {
    name: 'adopt',
    summary:
      "Make containers ask Fairlead instead of Docker's resolver; without a stack, list which resolver each one asks",
    description:
      'Rewrites the resolv.conf of each container from which a probe reaches Fairlead. This lasts until "fairlead release" undoes it, even if the daemon restarts. docs/adoption.md has the rules.',
    arguments: [
      {
        name: 'stack',
        description: 'the stack (compose project) to adopt',
        required: false,
      },
    ],
    options: [{ flags: '--all', description: 'adopt all containers of the host' }, ...LIST_OPTIONS],
    examples: [
      {
        command: 'fairlead adopt webshop',
        says: 'the containers of one stack, including those that already run',
      },
      { command: 'fairlead adopt --all', says: 'all containers' },
      { command: 'fairlead adopt', says: 'which containers ask Fairlead, which ask Docker, and why' },
    ],
    load: () => import('./commands/adopt.js'),
  },
  {
    name: 'release',
    summary: "Hand containers back to Docker's resolver",
    description:
      'Restores each resolv.conf to exactly what Docker had written. If the daemon does not run, the command changes the files of the engine itself.',
    arguments: [{ name: 'stack', description: 'only the containers in this stack', required: false }],
    options: [
      {
        flags: '--root <dir>',
        description:
          "the engine's data directory, used when the daemon does not run (default: /var/lib/docker)",
      },
      ...CHANGE_OPTIONS,
    ],
    examples: [
      { command: 'fairlead release', says: 'all containers ask Docker again' },
      { command: 'fairlead release webshop', says: 'the containers of one stack' },
    ],
    load: () => import('./commands/release.js'),
  },
  {
    name: 'query',
    summary: 'Look up a name as a client would, and see what decided the answer',
    description: 'The exit code is 1 when there is no record (NXDOMAIN, no data, refused).',
    arguments: NAME_ARGUMENTS,
    options: [
      AS,
      ...ONE_OPTIONS,
      { flags: '-q, --quiet', description: 'print only the data of the records' },
    ],
    examples: [
      { command: 'fairlead query web.shop.rancher.internal', says: 'what every client gets' },
      {
        command: 'fairlead query web --as shop_worker_1',
        says: 'what that container gets for the bare name',
      },
      { command: 'fairlead query _80._tcp.web.shop.rancher.internal SRV', says: 'address and port' },
      { command: 'fairlead query 10.42.0.7', says: 'which task has this address' },
    ],
    load: () => import('./commands/query.js'),
  },
  {
    name: 'explain',
    summary: 'Explain an answer: what was tried, which rule decided, which tasks are in or out and why',
    description: 'The exit code is 1 when the name does not exist for the client.',
    arguments: NAME_ARGUMENTS,
    options: [AS, ...ONE_OPTIONS],
    examples: [
      { command: 'fairlead explain web --as shop_worker_1', says: 'why does this container not find web?' },
      { command: 'fairlead explain web.shop.rancher.internal', says: 'which of its tasks are in the answer' },
    ],
    load: () => import('./commands/explain.js'),
  },
  {
    name: 'dns log',
    summary: 'Show DNS queries while they are answered',
    description:
      'Time, client, name, type, code, microseconds, who answered (own names, the cache, an upstream) and the answers. Filters compose: a query fits one value of each option given, and no value of a --not option. On a busy server one of N queries is shown, and N is said. dns.privacy may hide clients and names.',
    options: [
      { flags: '-f, --follow', description: 'continue until interrupted; reconnect when the daemon is back' },
      { flags: '--for <duration>', description: 'end after this time (default: 10s without --follow)' },
      ...QUERY_FILTERS,
      {
        flags: '-o, --output <format>',
        description: 'output format; json prints one object per line',
        choices: ['table', 'json', 'ndjson'],
      },
      { flags: '-q, --quiet', description: 'print no notices' },
    ],
    examples: [
      { command: 'fairlead dns log -f', says: 'watch' },
      {
        command: "fairlead dns log -f --client web --rcode NXDOMAIN --not-name '*.local'",
        says: 'what a service asks for in vain',
      },
      {
        command: 'fairlead dns log --for 1m --by upstream -o json',
        says: 'what leaves this host, for a script',
      },
    ],
    load: () => import('./commands/dns-log.js'),
  },
  {
    name: 'dns top',
    summary: 'Count DNS queries by name, client, upstream, and name that does not exist',
    description:
      'A terminal shows the counts as they grow, until it is interrupted. Elsewhere, and with -o json, they are printed once. On a busy server one of N queries is looked at, and the counts are estimates.',
    options: [
      {
        flags: '--for <duration>',
        description: 'count for this long (default: 10s where no terminal shows it)',
      },
      { flags: '-n, --rows <count>', description: 'how many of each (default: 10)' },
      ...QUERY_FILTERS,
      ...ONE_OPTIONS,
      { flags: '-q, --quiet', description: 'print no notices' },
    ],
    examples: [
      { command: 'fairlead dns top', says: 'watch' },
      { command: 'fairlead dns top --for 1m --rcode NXDOMAIN', says: 'who asks for what does not exist' },
    ],
    load: () => import('./commands/dns-top.js'),
  },
  {
    name: 'events',
    summary: 'Print events: tasks and services that came, changed or went',
    options: [
      {
        flags: '-f, --follow',
        description: 'keep printing new events; reconnects after the daemon was away',
      },
      { flags: '-n, --last <count>', description: 'only this many of the newest events' },
      { flags: '--after <seq>', description: 'only events after this sequence number' },
      {
        flags: '-o, --output <format>',
        description: 'output format; json prints one object per line',
        choices: ['table', 'json', 'ndjson'],
      },
      { flags: '-q, --quiet', description: 'print no notices' },
    ],
    examples: [
      { command: 'fairlead events -f', says: 'watch' },
      { command: 'fairlead events -n 20', says: 'the last 20' },
      { command: 'fairlead events -f -o json | jq \'select(.type == "task.health")\'', says: 'for a script' },
    ],
    load: () => import('./commands/events.js'),
  },
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
    load: () => import('./commands/token-create.js'),
  },
  {
    name: 'token list',
    summary: 'Show the tokens, without their secrets',
    options: LIST_OPTIONS,
    examples: [{ command: 'fairlead token list', says: 'who may do what, and when each was last used' }],
    load: () => import('./commands/token-list.js'),
  },
  {
    name: 'token revoke',
    summary: 'End a token: its sessions and streams end at once',
    arguments: [{ name: 'token', description: 'its name or id', required: true }],
    options: CHANGE_OPTIONS,
    examples: [{ command: 'fairlead token revoke alice', says: 'what this token began has ended' }],
    load: () => import('./commands/token-revoke.js'),
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
    load: () => import('./commands/doctor.js'),
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
    load: () => import('./commands/config-validate.js'),
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
    load: () => import('./commands/config-show.js'),
  },
  {
    name: 'config schema',
    summary: 'Print the JSON schema of the configuration, for editors',
    examples: [
      { command: 'fairlead config schema > fairlead.schema.json', says: 'a file that editors can use' },
    ],
    load: () => import('./commands/config-schema.js'),
  },
  {
    name: 'version',
    summary: 'Show the versions of this command and of the daemon',
    options: ONE_OPTIONS,
    examples: [{ command: 'fairlead version', says: 'both versions; warns when they differ' }],
    load: () => import('./commands/version.js'),
  },
];

/** Help for the words in front of a subcommand. */
export const GROUPS: Readonly<Record<string, string>> = {
  config: 'Check and show the configuration',
  dns: 'See DNS queries while they are answered',
  template: 'Try templates out',
  token: 'Manage the tokens of clients over TCP',
};
