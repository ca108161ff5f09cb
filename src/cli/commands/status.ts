import type { AnsweringJson, ForwardingJson, TransportJson } from '../../api/types/dns-figures.js';
import type { SourceJson } from '../../api/types/resources.js';
import type { StatusJson, TriedJson } from '../../api/types/status-json.js';
import type { Context } from '../context.js';
import { EXIT } from '../exit-codes.js';
import { renderFields, renderTable, type Cell, type Column } from '../format/text-table.js';
import { plain } from '../format/text.js';
import { count, tally } from '../format/words.js';
import { ageBetween } from '../../net/age.js';
import { printOne } from '../print-list.js';

export async function run(context: Context): Promise<number> {
  const status = await context.get<StatusJson>('/v1/status');
  await printOne(context, status, () => words(context, status));
  return EXIT.ok;
}

function words({ paint, width }: Context, status: StatusJson): string {
  const now = Date.parse(status.now);
  const { config, dns, api, catalog, checks, drains } = status;
  const { queries, replies, dropped, forwarded } = dns.counters;
  const { cache, routes } = dns.forwarding;
  const reload = config.reload;
  const health = tally(catalog.health);
  const fields = renderFields(
    [
      [
        'config',
        `${config.path ?? 'defaults, no file'} (${config.hash.slice(0, 12)}), loaded ${ageBetween(config.loadedAt, now)} ago`,
      ],
      [
        'restart',
        config.needsRestart && {
          text: `needed for ${config.needsRestart.join(', ')}: a reload cannot change them`,
          tone: 'warn',
        },
      ],
      [
        'reload',
        reload === undefined || reload.ok
          ? undefined
          : {
              text: `failed ${ageBetween(reload.at, now)} ago, the old one stays: ${reload.error ?? ''}`,
              tone: 'bad',
            },
      ],
      ['names', `${status.domain}, environment ${status.environment}`],
      [
        'dns',
        dns.ready ? dns.listen.join(', ') : { text: `not bound yet: ${dns.listen.join(', ')}`, tone: 'warn' },
      ],
      ['udp', answeringText(dns.answering)],
      ['tcp', tcpText(dns.transport)],
      ...routes.map(upstreamField),
      ['api', api.listen.join(', ')],
      [
        'catalog',
        `${count(catalog.services, 'service')}, ${count(catalog.tasks, 'task')}${health === '' ? '' : ` (${health})`}, revision ${catalog.revision}`,
      ],
      ['adoption', adoptionCell(status.adoption)],
      ['checks', checksText(checks)],
      ['vips', vipsCell(status.vips)],
      ['templates', templatesCell(status.templates)],
      [
        'drains',
        drains === 0 ? undefined : { text: `${drains} active; "fairlead drain" lists them`, tone: 'warn' },
      ],
      [
        'queries',
        `${sum(queries)} (${tally(queries) || 'none yet'}), ${forwarded} forwarded, ${cache.hits} from the cache`,
      ],
      ['replies', tally(replies)],
      ['dropped', tally(dropped)],
    ],
    paint,
  );
  const sources = renderTable(status.sources, sourceColumns(now), { paint, width });
  const publishers =
    status.publishers.length === 0
      ? ''
      : `\n${renderTable(status.publishers, sourceColumns(now, 'PUBLISHER'), { paint, width })}`;
  const problems = status.problems.map(
    ({ code, message }) => `  ${paint('warn', '!')} ${plain(message)} [${plain(code)}]\n`,
  );
  return [
    `${paint('bold', `fairlead ${plain(status.version)}`)}, up ${ageBetween(status.startedAt, now)} (pid ${status.pid}, Node ${plain(status.node)})\n`,
    fields,
    `\n${sources}`,
    publishers,
    problems.length === 0
      ? ''
      : `\n${paint('warn', count(problems.length, 'problem'))}\n${problems.join('')}`,
  ].join('');
}

/** How UDP is answered, and how many answers did not need the main thread. */
function answeringText({
  backend,
  why,
  threads,
  restarts,
  lastError,
  own,
  upstream,
  misses,
}: AnsweringJson): string {
  const how =
    backend === 'native'
      ? `${count(threads, 'answering thread')}${restartsText(restarts, lastError)}`
      : `one by one (${plain(why ?? 'no reason given')})`;
  const asked = own + upstream + misses;
  return asked === 0 ? how : `${how}, ${own + upstream} of ${asked} from compiled answers`;
}

function restartsText(restarts: number, lastError = 'no reason given'): string {
  return restarts === 0 ? '' : `, ${count(restarts, 'restart')} (last: ${plain(lastError)})`;
}

function tcpText({ tcpConnections, tcpRefused }: TransportJson): Cell {
  const refused = tcpRefused === 0 ? '' : `, ${tcpRefused} refused because there were too many`;
  return {
    text: `${count(tcpConnections, 'connection')}${refused}`,
    tone: tcpRefused === 0 ? undefined : 'warn',
  };
}

/** How many containers ask Fairlead. Containers that the user does not want adopted are not a reason to warn. */
function adoptionCell({ adopted, left, problems }: StatusJson['adoption']): Cell | undefined {
  const others = Object.values(left).reduce((total, each) => total + each, 0);
  if (adopted + others === 0) return undefined;
  const why = tally(left);
  const text = `${adopted} of ${count(adopted + others, 'container')} ask Fairlead${why === '' ? '' : ` (${why}); "fairlead adopt" lists them`}`;
  const more = problems.map((problem) => `; ${plain(problem)}`).join('');
  return { text: `${text}${more}`, tone: problems.length === 0 ? undefined : 'warn' };
}

function checksText({ tasks, failing, probes, waiting }: StatusJson['checks']): Cell {
  if (tasks === 0) return { text: 'no task has a check' };
  const local = probes.reduce((total, each) => total + each.local, 0);
  return {
    text: [
      `${count(tasks, 'task')} checked, ${failing} failing`,
      ...(waiting > 0 ? [`${count(waiting, 'probe')} overdue`] : []),
      ...(local > 0 ? [`${count(local, 'probe')} failed because of this host`] : []),
    ].join(', '),
    tone: failing > 0 ? 'bad' : waiting + local > 0 ? 'warn' : undefined,
  };
}

/** What carries virtual IPs, and what has been carried. */
function vipsCell({
  plane,
  pool = '',
  why = '',
  wanted,
  services,
  repairs,
  carried,
  carrier,
}: StatusJson['vips']): Cell {
  if (plane === 'off') return { text: `off: ${why}`, tone: wanted === true ? 'warn' : undefined };
  const { active, total, refused, failed } = carried;
  const repaired = repairs === undefined ? '' : `; rules put back ${count(repairs, 'time')}`;
  const turnedAway = tally({ refused, failed });
  const flows =
    total + refused === 0
      ? ''
      : `, ${count(active, 'connection')} open of ${total}${turnedAway === '' ? '' : ` (${turnedAway})`}`;
  return {
    text: `${plane}${kernelText(carrier.kernel)}, ${count(services, 'port')} of addresses from ${pool}${flows}${repaired}${restartsText(carrier.restarts, carrier.lastError)}`,
    tone: carrier.restarts > 0 ? 'warn' : undefined,
  };
}

/** ` (the kernel carries 3 ports)` */
function kernelText(kernel: StatusJson['vips']['carrier']['kernel']): string {
  if (!kernel) return '';
  const { services, why } = kernel;
  return why === undefined
    ? ` (the kernel carries ${count(services, 'port')})`
    : ` (the proxy carries all, because ${why})`;
}

function templatesCell(templates: StatusJson['templates']): Cell | undefined {
  const states = tally(templates);
  if (states === '') return undefined;
  const tone = templates.failed > 0 ? 'bad' : templates.held > 0 ? 'warn' : undefined;
  return { text: states, tone };
}

/** `upstreams  192.0.2.53:53`, and below it a line for each suffix that has upstreams of its own. */
function upstreamField({ suffix, upstreams }: ForwardingJson['routes'][number]): [string, Cell] {
  const [label, before] = suffix === '.' ? ['upstreams', ''] : ['', `${suffix}: `];
  const list = upstreams.map(({ address, up, lastError }) =>
    up ? address : `${address} (down: ${lastError ?? 'no answer'})`,
  );
  const up = upstreams.filter((each) => each.up).length;
  const tone = up === upstreams.length ? undefined : up > 0 ? 'warn' : 'bad';
  return [label, { text: plain(`${before}${list.join(', ') || 'none; such names are refused'}`), tone }];
}

const STATE_TONES = { live: 'good', loading: 'warn', stale: 'bad' } as const;

function sourceColumns(now: number, header = 'SOURCE'): readonly Column<TriedJson>[] {
  return [
    { header, value: ({ name }) => name },
    { header: 'STATE', value: ({ state }) => ({ text: state, tone: STATE_TONES[state] }) },
    { header: 'FACTS', value: ({ state, asOf }) => factsAge(state, asOf, now) },
    {
      header: 'DETAIL',
      value: ({ detail, error, failures }) =>
        [detail, error, failures > 0 && count(failures, 'failed attempt')].filter(Boolean).join('; '),
    },
  ];
}

/** The facts of a live source are true now, no matter how long ago they last changed. */
function factsAge(state: SourceJson['state'], asOf: string | undefined, now: number): string {
  if (state === 'live') return 'current';
  return asOf === undefined ? '' : `${ageBetween(asOf, now)} old`;
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, each) => total + each, 0);
}
