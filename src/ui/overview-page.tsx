import { computed } from '@preact/signals';
import { attention, type Matter } from '../api/attention.js';
import { counted, listed, number } from '../api/quantities.js';
import { EventTable } from './event-table.js';
import { services } from './catalog-lists.js';
import { HistoryCharts } from './history-charts.js';
import { live } from './live.js';
import { addressOf } from './page-address.js';
import { Sparkline } from './sparkline.js';
import { Age, Foreign, ServiceLink, Toned } from './text-parts.js';
import type { TrendPoint } from './trends.js';

/** What needs attention now; the worst first. */
const matters = computed<readonly Matter[] | undefined>(() => {
  const { value: status } = live.status;
  if (!status) return undefined;
  return attention({
    status,
    silent: services.value.filter(({ taskCount, given }) => taskCount > 0 && given === 0),
    panicking: services.value.filter(({ panic }) => panic),
    // Ports that are not served are among the daemon's problems.
    vips: [],
    templates: live.templates.value?.templates ?? [],
  });
});

/** What happened last. */
const NEWEST = 20;

export function OverviewPage() {
  return (
    <>
      <h1>Overview</h1>
      <Tiles />
      <h2>Needs attention</h2>
      <Attention />
      <h2>
        Newest events <a href={addressOf('events')}>all</a>
      </h2>
      <EventTable events={live.events.value.slice(0, NEWEST)} label="newest events" />
      <HistoryCharts of="daemon" wanted={{}} />
    </>
  );
}

function Attention() {
  const { value: list } = matters;
  if (!list) return <p class="dim">Waiting for the daemon.</p>;
  if (list.length === 0)
    return (
      <p>
        <Toned tone="good">Nothing needs attention.</Toned>
      </p>
    );
  return (
    <ul class="matters">
      {list.map(({ tone, about, text }) => (
        <li key={`${about?.key ?? ''} ${text}`}>
          <Toned tone={tone}>{tone === 'bad' ? 'Fault' : 'Warning'}</Toned>:{' '}
          {about && <ServiceLink serviceKey={about.key} name={about.name} />} <Foreign text={text} />
        </li>
      ))}
    </ul>
  );
}

function Tiles() {
  const { value: status } = live.status;
  const { value: points } = live.trends;
  const last = points.at(-1);
  if (!status) return <p class="dim">Waiting for the daemon.</p>;
  const { catalog, templates, checks } = status;
  const { failed, held, rendered } = templates;
  return (
    <ul class="tiles">
      <Tile title="DNS queries a second" value={rate(last?.queries)} points={points} of="queries" to="dns" />
      <Tile
        title="NXDOMAIN and SERVFAIL"
        value={last?.errors === undefined ? '-' : `${last.errors.toFixed(1)} %`}
        points={points}
        of="errors"
        to="dns"
        filter="rcode:NXDOMAIN rcode:SERVFAIL"
      />
      <Tile
        title="99 % of answers within"
        value={last?.p99 === undefined ? '-' : `${String(last.p99)} ms`}
        points={points}
        of="p99"
        to="dns"
      />
      <Tile
        title="Connections of virtual IPs"
        value={number(status.vips.carried.active)}
        note={`${rate(last?.opened)} new a second`}
        points={points}
        of="connections"
        to="vips"
      />
      <Tile
        title="Unhealthy tasks"
        value={number(catalog.health.unhealthy ?? 0)}
        note={`of ${counted(catalog.tasks, 'task')}; ${checks.tasks} checked`}
        points={points}
        of="unhealthy"
        to="tasks"
        filter="health:unhealthy"
      />
      <li class="tile">
        <a href={addressOf('templates')}>Templates</a>
        <p class="value">{failed > 0 ? `${failed} failed` : number(rendered)}</p>
        <p class="dim">
          {listed({ rendered, held, failed })} <LastRender />
        </p>
      </li>
    </ul>
  );
}

function LastRender() {
  const times = live.templates.value?.templates.flatMap(({ renderedAt }) => renderedAt ?? []) ?? [];
  const newest = times.sort().at(-1);
  return newest === undefined ? (
    <>none yet</>
  ) : (
    <>
      , last <Age since={newest} /> ago
    </>
  );
}

function Tile({
  title,
  value,
  note,
  points,
  of,
  to,
  filter,
}: {
  readonly title: string;
  readonly value: string;
  readonly note?: string;
  readonly points: readonly TrendPoint[];
  readonly of: Exclude<keyof TrendPoint, 'at'>;
  readonly to: string;
  readonly filter?: string;
}) {
  const values = points.map((point) => point[of]);
  const known = values.filter((each) => each !== undefined);
  const most = known.length === 0 ? 0 : Math.max(...known);
  return (
    <li class="tile">
      <a href={addressOf(to, [], filter)}>{title}</a>
      <p class="value">{value}</p>
      <Sparkline
        values={values}
        label={`${title}: now ${value}, at most ${rate(most)} in the last minutes`}
      />
      {note !== undefined && <p class="dim">{note}</p>}
    </li>
  );
}

function rate(value: number | undefined): string {
  if (value === undefined) return '-';
  return value >= 10 || Number.isInteger(value) ? number(Math.round(value)) : value.toFixed(1);
}
