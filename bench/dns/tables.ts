import type { Bar, BenchResult, ScenarioResult, ServerFigures } from './summary.js';

/** A scenario for a terminal. */
export function table(key: string, result: ScenarioResult): string {
  const head = [
    'SERVER',
    'CPU US',
    '/FLOOR',
    'QPS',
    'CORE',
    'P50 US',
    'P99 US',
    'P99 COMMON',
    'RSS MB',
    'OCTETS',
    'LOST',
  ];
  const rows = sorted(result).map((server) => [
    server.title,
    server.cpu_us.toFixed(2),
    server.to_floor?.toFixed(2) ?? '-',
    String(server.qps),
    server.core.toFixed(2),
    server.p50_us.toFixed(0),
    server.p99_us.toFixed(0),
    server.common_p99_us.toFixed(0),
    server.rss_mb.toFixed(0),
    server.octets.toFixed(0),
    String(server.lost),
  ]);
  const cells = (values: readonly string[]): string =>
    values.map((value, column) => (column === 0 ? value.padEnd(30) : value.padStart(11))).join('');
  const opinions = Object.values(result.servers).flatMap(({ title, dnsperf }) =>
    dnsperf
      ? [
          cells([
            `dnsperf: ${title}`,
            dnsperf.cpu_us.toFixed(2),
            dnsperf.to_floor?.toFixed(2) ?? '-',
            String(dnsperf.qps),
          ]),
        ]
      : [],
  );
  const common = result.common_rate > 0 ? `; P99 COMMON at ${result.common_rate} queries a second` : '';
  return [
    `${key}: ${result.title}; medians of ${result.rounds} rounds${common}`,
    cells(head),
    ...rows.map(cells),
    ...opinions,
    ...result.bars.map((bar) => `bar: ${bar.what} <= ${bar.bar}: ${valueOf(bar)}, ${verdictOf(bar)}`),
  ].join('\n');
}

/** The section's tables for docs/performance.md. */
export function markdown({ scenarios, machine }: BenchResult): string {
  const parts = Object.entries(scenarios).map(([key, result]) => {
    const common =
      result.common_rate > 0 ? `, ${thousands(result.common_rate)} queries a second for "same rate"` : '';
    const rows = sorted(result).map(
      (server) =>
        `| ${server.title} | ${server.cpu_us.toFixed(2)} µs | ${server.to_floor?.toFixed(2) ?? ''} | ${thousands(server.qps)} | ${thousands(server.p50_us)} µs | ${thousands(server.p99_us)} µs | ${thousands(server.common_p99_us)} µs | ${server.rss_mb.toFixed(0)} MB |`,
    );
    const bars = result.bars.map(
      (bar) => `| ${bar.what} | ${valueOf(bar)} | ${bar.bar} | ${verdictOf(bar)} |`,
    );
    return [
      `### ${key}`,
      '',
      `${capital(result.title)}${common}.`,
      '',
      '| server | CPU a query | / floor | queries a second | p50, half load | p99, half load | p99, same rate | memory |',
      '|---|---|---|---|---|---|---|---|',
      ...rows,
      '',
      '| Fairlead | figure | bar | |',
      '|---|---|---|---|',
      ...bars,
    ].join('\n');
  });
  const picture = '![CPU time of a query by server](dns-cpu.svg)';
  return [`Measured on: ${machine}.`, picture, ...parts].join('\n\n');
}

const sorted = ({ servers }: ScenarioResult): ServerFigures[] =>
  Object.values(servers).sort((a, b) => a.cpu_us - b.cpu_us);

const valueOf = ({ value }: Bar): string => (value === null ? '-' : String(value));

function verdictOf({ met }: Bar): string {
  if (met === null) return 'not judged';
  return met ? 'met' : 'NOT met';
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const thousands = (value: number): string => Math.round(value).toLocaleString('en');
