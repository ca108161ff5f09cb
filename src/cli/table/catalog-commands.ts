import type { CommandSpec } from '../spec.js';
import {
  CHANGE_OPTIONS,
  HEALTH,
  LIST_OPTIONS,
  ONE_OPTIONS,
  TARGET,
  WATCH,
  WATCHING,
} from './shared-options.js';

/** What the catalog and virtual IPs hold, and what operators change in it. */
export const catalogCommands: readonly CommandSpec[] = [
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
    load: () => import('../commands/services.js'),
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
    load: () => import('../commands/service.js'),
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
    load: () => import('../commands/tasks.js'),
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
    load: () => import('../commands/hosts.js'),
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
    load: () => import('../commands/health.js'),
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
    load: () => import('../commands/vips.js'),
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
    load: () => import('../commands/drain.js'),
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
    load: () => import('../commands/undrain.js'),
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
    load: () => import('../commands/beat.js'),
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
    load: () => import('../commands/adopt.js'),
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
    load: () => import('../commands/release.js'),
  },
];
