/**
 * Prometheus's text exposition format 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats). It only writes. The
 * counters live in shared memory, in the catalog and in the data plane. A client library such as prom-client owns its
 * counters, so every scrape would first have to copy them all.
 */
export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** OpenMetrics 1.0, which Prometheus prefers: a counter's family is named without `_total`, and the text has an end. */
export const OPEN_METRICS_TYPE = 'application/openmetrics-text; version=1.0.0; charset=utf-8';
export const OPEN_METRICS_END = '# EOF\n';

/** Describes a metric; its name is its key in the table. */
export interface Metric<Type extends string = string, Labels extends readonly string[] = readonly string[]> {
  readonly type: Type;
  /** One line, for people. */
  readonly help: string;
  /** In the order of the values of a {@link Sample}. */
  readonly labels: Labels;
}

export const counter = <const L extends readonly string[]>(
  help: string,
  ...labels: L
): Metric<'counter', L> => ({ type: 'counter', help, labels });
export const gauge = <const L extends readonly string[]>(help: string, ...labels: L): Metric<'gauge', L> => ({
  type: 'gauge',
  help,
  labels,
});
export const histogram = <const L extends readonly string[]>(
  help: string,
  ...labels: L
): Metric<'histogram', L> => ({ type: 'histogram', help, labels });

/** The count for each bound, without those of lower bounds; the last count is for values above all bounds. */
export interface HistogramValue {
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
  readonly sum: number;
}

/** @param times in milliseconds */
export function inSeconds({ bounds, counts, sum }: HistogramValue): HistogramValue {
  return { bounds: bounds.map((ms) => ms / 1000), counts, sum: sum / 1000 };
}

type Texts<L extends readonly string[]> = { readonly [K in keyof L]: string };

/** A value and the values of its labels. A label with the value '' is left out, which means the same. */
export type Sample<M extends Metric> = readonly [
  M['type'] extends 'histogram' ? HistogramValue : number,
  ...Texts<M['labels']>,
];

type AnySample = readonly [value: number | HistogramValue, ...labels: readonly string[]];

/** All current samples of a group of metrics. */
export type Readings<G extends Readonly<Record<string, Metric>>> = {
  readonly [Name in keyof G]: Iterable<Sample<G[Name]>>;
};

/**
 * The lines of a group, each with its line end. Two samples of a metric must not have the same labels.
 * @param isOpenMetrics whether the text is OpenMetrics 1.0
 */
export function* exposition<G extends Readonly<Record<string, Metric>>>(
  group: G,
  readings: Readings<G> & Readonly<Record<string, Iterable<AnySample>>>,
  isOpenMetrics = false,
): Generator<string> {
  for (const [name, { type, help, labels }] of Object.entries<Metric>(group)) {
    const family = isOpenMetrics && type === 'counter' ? name.replace(/_total$/, '') : name;
    const text = isOpenMetrics ? escaped(help) : help.replace(/\\/g, '\\\\').replace(/\n/g, '\\n');
    yield `# HELP ${family} ${text}\n# TYPE ${family} ${type}\n`;
    for (const sample of readings[name] ?? []) {
      const [value] = sample;
      const pairs = labelPairs(labels, sample);
      if (typeof value === 'number') yield line(name, pairs, value);
      else yield* histogramLines(name, pairs, value);
    }
  }
}

/** `first="a",second="b"`; the values begin at the second place of the sample. */
function labelPairs(labels: readonly string[], [, ...texts]: AnySample): string {
  let pairs = '';
  for (const [i, label] of labels.entries()) {
    const text = texts[i];
    if (text) pairs += `${pairs === '' ? '' : ','}${label}="${escaped(text)}"`;
  }
  return pairs;
}

function* histogramLines(
  name: string,
  pairs: string,
  { bounds, counts, sum }: HistogramValue,
): Generator<string> {
  let total = 0;
  for (const [i, count] of counts.entries()) {
    total += count;
    const bound = `le="${numberText(bounds[i] ?? Infinity)}"`;
    yield line(`${name}_bucket`, pairs === '' ? bound : `${pairs},${bound}`, total);
  }
  yield line(`${name}_sum`, pairs, sum);
  yield line(`${name}_count`, pairs, total);
}

function line(name: string, pairs: string, value: number): string {
  return `${name}${pairs === '' ? '' : `{${pairs}}`} ${numberText(value)}\n`;
}

function escaped(text: string): string {
  if (!/[\\\n"]/.test(text)) return text;
  return text.replace(/\\/g, '\\\\').replace(/\n/g, '\\n').replace(/"/g, '\\"');
}

/** A number in a form that Go's ParseFloat reads. */
function numberText(value: number): string {
  if (Number.isFinite(value) || Number.isNaN(value)) return String(value);
  return value > 0 ? '+Inf' : '-Inf';
}
