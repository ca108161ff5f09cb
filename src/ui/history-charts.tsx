import { computed } from '@preact/signals';
import { useState } from 'preact/hooks';
import { number } from '../api/quantities.js';
import type { HistoryJson } from '../api/types/history-json.js';
import {
  HISTORY_RANGES,
  type HistoryFigure,
  type HistoryKind,
  type HistoryRange,
  type HistorySeries,
} from '../net/history-figures.js';
import { useAsked } from './asked.js';
import { clockText, tick } from './clock.js';
import { Sparkline } from './sparkline.js';
import { Foreign, Toned } from './text-parts.js';

/** A step lasts five seconds or a minute. A chart of an hour would not show one sooner. */
const turn = computed(() => Math.floor(tick.value / 30_000));

const RANGE_TEXTS: Readonly<Record<HistoryRange, string>> = { '1h': 'last hour', '24h': 'last day' };

/** Charts of what the daemon has kept of the last hour or day (`GET /v1/history`). */
export function HistoryCharts({
  of,
  wanted,
}: {
  readonly of: HistoryKind;
  /** Of which virtual IPs or tasks. */
  readonly wanted: Readonly<Record<string, string>>;
}) {
  const [range, setRange] = useState<HistoryRange>('1h');
  const path = `/v1/history?${new URLSearchParams({ of, range, ...wanted }).toString()}`;
  const { value: history, error } = useAsked<HistoryJson>(path, [turn.value]);
  return (
    <section class="history" aria-labelledby="history-title">
      <h2 id="history-title">History</h2>
      <label>
        Time{' '}
        <select value={range} onChange={(event) => setRange(event.currentTarget.value as HistoryRange)}>
          {HISTORY_RANGES.map((each) => (
            <option key={each} value={each}>
              {RANGE_TEXTS[each]}
            </option>
          ))}
        </select>
      </label>
      {error && (
        <p>
          <Toned tone="warn">The daemon does not give its history: {error.message}</Toned>
        </p>
      )}
      {history && <Charts history={history} />}
    </section>
  );
}

function Charts({ history }: { readonly history: HistoryJson }) {
  const shown = history.series.filter(({ values }) => values.some((value) => value !== null && value !== 0));
  const flat = history.series.length - shown.length;
  const steps = Math.max(0, ...history.series.map(({ values }) => values.length));
  const end = Date.parse(history.end);
  if (history.series.length === 0) return <p class="dim">Nothing is kept of this.</p>;
  return (
    <>
      <p class="dim">
        From {clockText(end - steps * history.stepMs)} to {clockText(end)}.{' '}
        {flat > 0 && `What was 0 or unknown all the time is left out (${flat}).`}
      </p>
      <ul class="tiles">
        {shown.map((series) => (
          <Chart key={titleOf(series)} series={series} healths={history.healths} />
        ))}
      </ul>
    </>
  );
}

function Chart({ series, healths }: { readonly series: HistorySeries; readonly healths: readonly string[] }) {
  const known = series.values.filter((value) => value !== null);
  const text = (value: number | undefined): string => {
    if (value === undefined) return '-';
    if (series.figure === 'health') return healths[value] ?? String(value);
    return `${number(value >= 10 ? Math.round(value) : Math.round(value * 100) / 100)}${UNITS[series.figure] ?? ''}`;
  };
  const [last, most] = [text(known.at(-1)), text(Math.max(...known))];
  const title = titleOf(series);
  return (
    <li class="tile">
      <Foreign text={title} />
      <p class="value">{last}</p>
      <Sparkline
        values={series.values.map((value) => value ?? undefined)}
        label={`${title}: now ${last}, at most ${most}`}
      />
      <p class="dim">
        {series.figure === 'health' ? 'worst' : 'at most'} {most}
      </p>
    </li>
  );
}

const TITLES: Readonly<Partial<Record<HistoryFigure, string>>> = {
  queries: 'DNS queries a second',
  p50: '50 % of answers within',
  p99: '99 % of answers within',
  renders: 'Templates rendered a second',
  open: 'Open connections',
  connections: 'New connections a second',
  bytesIn: 'Bytes in a second',
  bytesOut: 'Bytes out a second',
  health: 'Health',
};

const UNITS: Readonly<Partial<Record<HistoryFigure, string>>> = { p50: ' µs', p99: ' µs' };

function titleOf({ figure, of }: HistorySeries): string {
  const title = TITLES[figure] ?? `${figure.replace('rcode.', '')} a second`;
  return of?.port === undefined ? title : `${title}, ${of.port}/${of.protocol ?? ''}`;
}
