/** One metric of a text in exposition format. */
export interface ParsedFamily {
  readonly type: string;
  readonly help: string;
  /** In the order of the text; `name` has the suffix of a histogram's samples. */
  readonly samples: readonly ParsedSample[];
}

export interface ParsedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/;
const VALUE = /^(?:[+-]Inf|NaN|[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/;

/**
 * Reads a text in Prometheus's exposition format 0.0.4, more strictly than Prometheus does: every metric has HELP and TYPE, in this order
 * and once, before its samples; its samples stand together and are all different; histograms are complete and add up.
 * @throws Error with the line that is wrong
 */
export function parseExposition(text: string): ReadonlyMap<string, ParsedFamily> {
  const families = new Map<string, { type: string; help: string; samples: ParsedSample[] }>();
  if (!text.endsWith('\n')) throw new Error('the last line does not end');
  let current = '';
  let help: string | undefined;
  for (const [index, line] of text.slice(0, -1).split('\n').entries()) {
    const wrong = (why: string) => new Error(`line ${index + 1}: ${why}: ${line}`);
    const comment = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line);
    if (comment) {
      const [, kind, name = '', rest = ''] = comment;
      if (!NAME.test(name)) throw wrong('no name');
      if (kind === 'HELP') {
        if (families.has(name) || help !== undefined) throw wrong('HELP twice, or without TYPE');
        if (/(^|[^\\])(\\\\)*\\([^\\n]|$)/.test(rest)) throw wrong('a stray backslash');
        current = name;
        help = rest;
      } else {
        if (name !== current || help === undefined) throw wrong('TYPE without HELP before it');
        if (!['counter', 'gauge', 'histogram'].includes(rest)) throw wrong('no type');
        families.set(name, { type: rest, help, samples: [] });
        help = undefined;
      }
      continue;
    }
    if (help !== undefined) throw wrong('HELP without TYPE');
    const sample = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/s.exec(line);
    const [, name = '', labelText, valueText = ''] = sample ?? [];
    const family = families.get(current);
    if (!sample || !family || !VALUE.test(valueText)) throw wrong('no sample');
    const suffix = name.startsWith(current) ? name.slice(current.length) : undefined;
    const suffixes = family.type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
    if (suffix === undefined || !suffixes.includes(suffix)) throw wrong(`no sample of ${current}`);
    const labels = parseLabels(labelText, wrong);
    const key = `${name} ${JSON.stringify(Object.entries(labels).sort())}`;
    const isTwice = family.samples.some(
      (each) => `${each.name} ${JSON.stringify(Object.entries(each.labels).sort())}` === key,
    );
    if (isTwice) throw wrong('the same sample twice');
    const value = Number(valueText.replace('Inf', 'Infinity'));
    if (family.type === 'counter' && !(value >= 0)) throw wrong('a counter below 0');
    family.samples.push({ name, labels, value });
  }
  for (const [name, { type, samples }] of families) if (type === 'histogram') checkHistogram(name, samples);
  return families;
}

function parseLabels(text: string | undefined, wrong: (why: string) => Error): Record<string, string> {
  const labels: Record<string, string> = {};
  if (text === '') throw wrong('braces without labels');
  let rest = text ?? '';
  while (rest !== '') {
    const [whole, name, value] = LABEL.exec(rest) ?? [];
    if (whole === undefined || name === undefined || value === undefined) throw wrong('no label');
    if (name in labels || value === '') throw wrong('a label twice or empty');
    labels[name] = value.replace(/\\(.)/gs, (_, char: string) => (char === 'n' ? '\n' : char));
    rest = rest.slice(whole.length);
    if (rest === '' && whole.endsWith(',')) throw wrong('a comma at the end');
  }
  return labels;
}

function checkHistogram(name: string, samples: readonly ParsedSample[]): void {
  const series = new Map<string, ParsedSample[]>();
  for (const each of samples) {
    const labels = Object.entries(each.labels).filter(([label]) => label !== 'le');
    const key = JSON.stringify(labels.sort());
    series.set(key, [...(series.get(key) ?? []), each]);
  }
  for (const [key, of] of series) {
    const wrong = (why: string) => new Error(`${name} ${key}: ${why}`);
    const buckets = of.filter((each) => each.name === `${name}_bucket`);
    const count = of.find((each) => each.name === `${name}_count`)?.value;
    if (count === undefined || !of.some((each) => each.name === `${name}_sum`))
      throw wrong('no count or sum');
    const bounds = buckets.map(({ labels }) => Number(labels['le']?.replace('Inf', 'Infinity') ?? NaN));
    const grows = (values: readonly number[]) =>
      values.every((value, i) => i === 0 || value >= (values[i - 1] ?? NaN));
    if (!grows(bounds) || bounds.at(-1) !== Infinity) throw wrong('buckets out of order, or no +Inf');
    if (!grows(buckets.map(({ value }) => value))) throw wrong('buckets do not add up');
    if (buckets.at(-1)?.value !== count) throw wrong('the last bucket is not the count');
  }
}
