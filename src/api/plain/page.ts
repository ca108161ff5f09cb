import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CatalogEvent } from '../../catalog/change.js';
import { ageBetween } from '../../net/age.js';
import { timestamp } from '../json.js';
import type { ApiPorts, VirtualServiceInfo } from '../ports.js';
import { counted, listed, number, size } from '../quantities.js';
import type { AdoptionJson } from '../types/adoption.js';
import type { StatusJson, TriedJson } from '../types/status-json.js';
import type { TemplateJson } from '../types/templates-json.js';
import { attentionList } from './attention-list.js';
import { markup, type Markup } from './markup.js';
import { fields, table, toned } from './parts.js';
import { stacks, type StacksFilter } from './stacks.js';
import { vips } from './vip-table.js';

export interface PlainPageOptions extends StacksFilter {
  /** Seconds after which a browser loads the page again; absent: it does not. */
  readonly refresh: number | undefined;
}

/** The latest events that are shown. */
const EVENTS = 50;

/**
 * The whole state on one page without scripts, for text browsers, `curl`, and the moment when nothing else works. It is
 * written in pieces, each in a turn of its own, because a large catalog would keep the name server from answering. All
 * of it is of one snapshot.
 */
export async function* plainPage(
  ports: ApiPorts,
  status: StatusJson,
  { refresh, ...filter }: PlainPageOptions,
): AsyncGenerator<string> {
  const { snapshot } = ports.catalog;
  const now = Date.parse(status.now);
  const carried: VirtualServiceInfo[] = [];
  for (const info of await ports.vips.services()) if (fits(info.service, filter)) carried.push(info);
  const templates = ports.templates.list();
  const containers = ports.adoption.containers();
  yield head(status, refresh, now).text;
  yield markup`<main id="content">
<section id="attention"><h2>Needs attention</h2>
${attentionList({ status, snapshot, vips: carried, templates })}</section>
<section id="overview"><h2>Overview</h2>
${overview(status, now)}</section>
<section id="sources"><h2>Sources and publishers</h2>
${table('sources and publishers', sourceColumns(now), [...status.sources, ...status.publishers])}</section>
<section id="stacks"><h2>Stacks</h2>
${filter.stack !== undefined && markup`<p>Only stack ${filter.stack}. <a href="?#stacks">Show all stacks</a></p>\n`}`
    .text;
  for (const piece of stacks(snapshot, filter, now)) {
    yield piece.text;
    await nextTurn();
  }
  yield markup`</section>
<section id="vips"><h2>Virtual IPs</h2>
`.text;
  yield vips(carried).text;
  await nextTurn();
  yield markup`</section>
<section id="templates"><h2>Templates</h2>
${templates.length === 0 ? markup`<p>No file is rendered.</p> ` : table('templates', templateColumns(now), templates)}</section>
<section id="containers"><h2>Containers and their resolvers</h2>
${containers.length === 0 ? markup`<p>No container is known.</p> ` : table('containers', CONTAINER_COLUMNS, containers)}</section>
<section id="events"><h2>Events</h2>
${table(`the last ${EVENTS} events`, eventColumns(now), ports.catalog.events().slice(-EVENTS).reverse())}</section>
</main>
<footer><p class="dim">The same as JSON: <a href="/v1/status">/v1/status</a>, <a href="/v1/services">/v1/services</a>, <a href="/v1/tasks">/v1/tasks</a>, <a href="/v1/vips">/v1/vips</a>, <a href="/v1/problems">/v1/problems</a>, <a href="/metrics">/metrics</a></p></footer>
</body>
</html>
`.text;
}

function fits(key: string, { environment, stack }: StacksFilter): boolean {
  const [ofEnvironment, ofStack] = key.split('/');
  return (environment ?? ofEnvironment) === ofEnvironment && (stack ?? ofStack) === ofStack;
}

const SECTIONS = [
  'attention',
  'overview',
  'sources',
  'stacks',
  'vips',
  'templates',
  'containers',
  'events',
] as const;

function head(
  { version, startedAt, pid, now: at, node }: StatusJson,
  refresh: number | undefined,
  now: number,
): Markup {
  return markup`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    ${refresh !== undefined && markup`<meta http-equiv="refresh" content="${refresh}" /> `}
    <title>Fairlead</title>
    <link rel="stylesheet" href="/ui/plain.css" />
  </head>
  <body>
    <a class="skip" href="#content">Skip to the content</a>
    <header>
      <h1>Fairlead ${version}</h1>
      <p class="dim">
        Up ${ageBetween(startedAt, now)}, pid ${pid}, Node ${node}. As of
        <time datetime="${at}">${at}</time>.
        ${
          refresh === undefined
            ? markup`<a href="?refresh=5">Load again every 5 seconds</a>`
            : markup`Loaded again every ${counted(refresh, 'second')}. <a href="?">Stop</a>`
        }
      </p>
      <nav aria-label="Sections">
        <ul>
          ${SECTIONS.map((name) => markup`<li><a href="#${name}">${name}</a></li>`)}
        </ul>
      </nav>
    </header>\n`;
}

function overview(status: StatusJson, now: number): Markup {
  const { config, dns, api, catalog, checks, vips: carried, adoption } = status;
  const { counters, forwarding, answering } = dns;
  return fields([
    [
      'configuration',
      `${config.path ?? 'defaults, no file'}, loaded ${ageBetween(config.loadedAt, now)} ago`,
    ],
    ['names', `below ${status.domain}, environment ${status.environment}`],
    ['DNS', dns.listen.join(', ')],
    [
      'upstreams',
      forwarding.routes.map(
        ({ suffix, upstreams }) =>
          markup`<div>
            ${suffix} →
            ${upstreams.map(({ address, up }, index) => markup`${index > 0 && ', '}${address} ${up ? toned('good', 'up') : toned('bad', 'down')}`)}${upstreams.length === 0 && toned('warn', 'none')}
          </div>`,
      ),
    ],
    ['queries', listed(counters.queries) || 'none yet'],
    ['replies', listed(counters.replies)],
    ['dropped', listed(counters.dropped)],
    [
      'cache',
      `${number(forwarding.cache.hits)} hits, ${number(forwarding.cache.misses)} misses, ${size(forwarding.cache.bytes)}`,
    ],
    [
      'answered by',
      answering.backend === 'native'
        ? counted(answering.threads, 'thread')
        : `the main thread (${answering.why ?? 'no reason given'})`,
    ],
    [
      'catalog',
      `${counted(catalog.services, 'service')}, ${counted(catalog.tasks, 'task')}${catalog.tasks > 0 ? ` (${listed(catalog.health)})` : ''}, revision ${number(catalog.revision)}`,
    ],
    ['checks', `${counted(checks.tasks, 'task')} checked, ${number(checks.failing)} failing`],
    ['drains', status.drains > 0 && counted(status.drains, 'drain')],
    [
      'virtual IPs',
      carried.plane === 'off'
        ? `off: ${carried.why ?? ''}`
        : `${counted(carried.services, 'port')} of ${carried.pool ?? ''} by ${carried.plane}, ${counted(carried.carried.active, 'open connection')}`,
    ],
    [
      'resolvers',
      `${counted(adoption.adopted, 'container')} ask Fairlead; others: ${listed(adoption.left) || 'none'}`,
    ],
    ['API', api.listen.join(', ')],
  ]);
}

function sourceColumns(now: number) {
  return [
    { head: 'Name', value: ({ name }: TriedJson) => name },
    { head: 'State', value: ({ state }: TriedJson) => toned(state === 'live' ? 'good' : 'bad', state) },
    {
      head: 'Age of its facts',
      value: ({ asOf, state }: TriedJson) => (state === 'live' ? 'current' : ageBetween(asOf, now)),
    },
    { head: 'Failures', value: ({ failures }: TriedJson) => number(failures), isNumber: true },
    { head: 'Detail', value: ({ error, detail }: TriedJson) => error ?? detail },
  ];
}

function templateColumns(now: number) {
  return [
    { head: 'Destination', value: ({ destination }: TemplateJson) => destination },
    {
      head: 'State',
      value: ({ state }: TemplateJson) =>
        toned(state === 'rendered' ? 'good' : state === 'failed' ? 'bad' : 'warn', state),
    },
    {
      head: 'Written',
      value: ({ renderedAt }: TemplateJson) =>
        renderedAt === undefined ? 'never' : `${ageBetween(renderedAt, now)} ago`,
      isNumber: true,
    },
    { head: 'Size', value: ({ bytes }: TemplateJson) => bytes !== undefined && size(bytes), isNumber: true },
    {
      head: 'Command',
      value: ({ command }: TemplateJson) => command && `${command.text}: ${command.outcome}`,
    },
    { head: 'Error', value: ({ error }: TemplateJson) => error },
  ];
}

const CONTAINER_COLUMNS = [
  { head: 'Container', value: ({ name }: AdoptionJson) => name },
  { head: 'Stack', value: ({ stack }: AdoptionJson) => stack },
  {
    head: 'Asks Fairlead',
    value: ({ adopted }: AdoptionJson) => (adopted ? toned('good', 'yes') : toned('dim', 'no')),
  },
  { head: 'Server', value: ({ server }: AdoptionJson) => server },
  { head: 'Why', value: ({ why }: AdoptionJson) => why },
];

function eventColumns(now: number) {
  return [
    { head: 'Subject', value: ({ subject }: CatalogEvent) => subject },
    { head: 'Age', value: ({ at }: CatalogEvent) => ageBetween(timestamp(at), now), isNumber: true },
    { head: 'Type', value: ({ type }: CatalogEvent) => type },
    { head: 'What happened', value: ({ message }: CatalogEvent) => message },
    { head: 'Cause', value: ({ cause }: CatalogEvent) => cause },
    { head: 'Source', value: ({ source }: CatalogEvent) => source },
  ];
}
