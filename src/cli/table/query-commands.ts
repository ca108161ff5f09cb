import type { CommandSpec } from '../spec.js';
import { AS, NAME_ARGUMENTS, ONE_OPTIONS, QUERY_FILTERS } from './shared-options.js';

/** What clients ask, and what happens. */
export const queryCommands: readonly CommandSpec[] = [
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
    load: () => import('../commands/query.js'),
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
    load: () => import('../commands/explain.js'),
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
    load: () => import('../commands/dns-log.js'),
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
    load: () => import('../commands/dns-top.js'),
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
    load: () => import('../commands/events.js'),
  },
];
