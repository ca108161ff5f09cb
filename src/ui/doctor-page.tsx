import type { Problem } from '../catalog/model.js';
import { listed, number } from '../api/quantities.js';
import type { AdoptionJson, AdoptionListJson } from '../api/types/adoption.js';
import type { UpstreamJson } from '../api/types/dns-figures.js';
import type { ReadyJson } from '../api/types/resources.js';
import type { StatusJson } from '../api/types/status-json.js';
import { useAsked } from './asked.js';
import { beat } from './clock.js';
import { DataTable, type Column } from './data-table.js';
import { live } from './live.js';
import { Age, Fields, Foreign, TaskLink, Toned } from './text-parts.js';
import { quantile } from './trends.js';

type ReadyRow = ReadyJson['checks'][number];

const READY_COLUMNS: readonly Column<ReadyRow>[] = [
  { head: 'Check', cell: ({ name }) => <Foreign text={name} /> },
  { head: 'Result', cell: ({ ok }) => <Toned tone={ok ? 'good' : 'bad'}>{ok ? 'ok' : 'not ready'}</Toned> },
  { head: 'What', cell: ({ message }) => <Foreign text={message} /> },
];

const PROBLEM_COLUMNS: readonly Column<Problem>[] = [
  { head: 'Code', cell: ({ code }) => code, sortBy: ({ code }) => code },
  {
    head: 'About',
    cell: ({ subject, task }) =>
      task === undefined ? <Foreign text={subject} /> : <TaskLink id={task} name={subject} />,
    sortBy: ({ subject }) => subject,
  },
  { head: 'What is wrong, and what to do', cell: ({ message }) => <Foreign text={message} /> },
];

interface RoutedUpstream extends UpstreamJson {
  readonly suffix: string;
}

const UPSTREAM_COLUMNS: readonly Column<RoutedUpstream>[] = [
  { head: 'Upstream', cell: ({ address }) => <Foreign text={address} /> },
  { head: 'For names below', cell: ({ suffix }) => <Foreign text={suffix} /> },
  { head: 'State', cell: ({ up }) => <Toned tone={up ? 'good' : 'bad'}>{up ? 'up' : 'down'}</Toned> },
  { head: 'Failures', hint: 'since it last answered', cell: ({ failures }) => failures, isNumber: true },
  { head: 'Last failure', cell: ({ lastError }) => <Foreign text={lastError} /> },
  {
    head: '99 % within',
    cell: ({ times: { bounds, counts } }) => {
      const p99 = quantile(bounds, counts, 0.99);
      return p99 !== undefined && `${p99} ms`;
    },
    isNumber: true,
  },
];

const RESOLVER_COLUMNS: readonly Column<AdoptionJson>[] = [
  { head: 'Container', cell: ({ id, name }) => <TaskLink id={id} name={name} /> },
  { head: 'Stack', cell: ({ stack }) => <Foreign text={stack} /> },
  {
    head: 'Asks Fairlead',
    cell: ({ adopted }) => <Toned tone={adopted ? 'good' : 'warn'}>{adopted ? 'yes' : 'no'}</Toned>,
  },
  { head: 'Asks', cell: ({ server }) => <Foreign text={server} /> },
  { head: 'Why', cell: ({ why }) => <Foreign text={why} /> },
];

/** What is wrong, and what the daemon knows of its own condition. */
export function DoctorPage() {
  const { value: status } = live.status;
  const { value: ready } = useAsked<ReadyJson>('/readyz?verbose', [beat.value]);
  const { value: adoption } = useAsked<AdoptionListJson>('/v1/adoption', [beat.value]);
  const upstreams = status?.dns.forwarding.routes.flatMap(({ suffix, upstreams: of }) =>
    of.map((upstream) => ({ ...upstream, suffix })),
  );
  return (
    <>
      <h1>Doctor</h1>
      <p class="dim">
        What the daemon knows itself. <code>fairlead doctor</code> on the host also looks at the host and at
        containers.
      </p>
      <h2>Ready</h2>
      <DataTable
        label="readiness"
        rows={ready?.checks ?? []}
        columns={READY_COLUMNS}
        keyOf={({ name }) => name}
        empty="Waiting for the daemon."
      />
      <h2>Problems</h2>
      <DataTable
        label="problems"
        rows={status?.problems ?? []}
        columns={PROBLEM_COLUMNS}
        keyOf={({ code, subject, message }) => `${code} ${subject} ${message}`}
        empty="No source, label, file or virtual IP has a problem."
      />
      <h2>Upstreams</h2>
      <DataTable
        label="upstreams"
        rows={upstreams ?? []}
        columns={UPSTREAM_COLUMNS}
        keyOf={({ suffix, address }) => `${suffix} ${address}`}
        empty="Names outside the domain are forwarded nowhere."
      />
      <h2>Containers that ask another resolver</h2>
      <DataTable
        label="containers and their resolvers"
        rows={adoption?.containers.filter(({ adopted }) => !adopted) ?? []}
        columns={RESOLVER_COLUMNS}
        keyOf={({ id }) => id}
        empty="None: every container that is known asks Fairlead."
      />
      <h2>The daemon</h2>
      {status && <Condition status={status} />}
    </>
  );
}

function Condition({ status }: { readonly status: StatusJson }) {
  const { config, dns, state, eventLoop, internalErrors } = status;
  const late = quantile(eventLoop.bounds, eventLoop.counts, 0.99);
  const { answering } = dns;
  return (
    <Fields
      rows={[
        ['version', `${status.version}, Node ${status.node}, process ${status.pid}`],
        [
          'configuration',
          <>
            <Foreign text={config.path ?? 'defaults, no file'} />, loaded <Age since={config.loadedAt} /> ago
          </>,
        ],
        ['needs a restart for', config.needsRestart?.join(', ')],
        ['DNS listens at', dns.listen.join(', ')],
        [
          'answers',
          answering.backend === 'native'
            ? `${answering.threads} threads, ${answering.restarts} restarts`
            : `the main thread (${answering.why ?? ''})`,
        ],
        ['queries', listed(dns.counters.queries)],
        ['replies', listed(dns.counters.replies)],
        ['dropped', listed(dns.counters.dropped)],
        ['cache', `${number(dns.forwarding.cache.hits)} hits, ${number(dns.forwarding.cache.misses)} misses`],
        [
          'state',
          <>
            <Foreign text={state.directory} />
            {state.error !== undefined && (
              <Toned tone="bad">
                {' '}
                <Foreign text={state.error} />
              </Toned>
            )}
          </>,
        ],
        ['event loop', late !== undefined && `99 % of looks at most ${late} ms late`],
        [
          'internal errors',
          internalErrors > 0 ? <Toned tone="bad">{internalErrors}, see the log</Toned> : 'none',
        ],
        ['capabilities', status.capabilities.join(', ') || 'none'],
        ['API', status.api.listen.join(', ')],
      ]}
    />
  );
}
