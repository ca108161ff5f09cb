import type { CommandSpec } from '../spec.js';
import { CHANGE_OPTIONS, CONFIG_OPTIONS, LIST_OPTIONS, ONE_OPTIONS } from './shared-options.js';

/** Running the daemon, and rendering templates. */
export const daemonCommands: readonly CommandSpec[] = [
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
    load: () => import('../commands/run.js'),
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
    load: () => import('../commands/status.js'),
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
    load: () => import('../commands/reload.js'),
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
    load: () => import('../commands/restart.js'),
  },
  {
    name: 'templates',
    summary: 'Show the files rendered from templates: last render, command, error',
    options: LIST_OPTIONS,
    examples: [
      { command: 'fairlead templates', says: 'is every file up to date with the catalog, and if not, why?' },
      { command: 'fairlead templates -o json', says: 'with the output of each command' },
    ],
    load: () => import('../commands/templates.js'),
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
    load: () => import('../commands/render.js'),
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
    load: () => import('../commands/template-eval.js'),
  },
];
