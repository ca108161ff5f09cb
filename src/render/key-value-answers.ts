import type { KeyValue, KeyValues, KeyValueView } from '../catalog/key-values.js';
import type { Log } from '../net/log.js';
import { fromBytes } from '../template/byte-strings.js';
import { FunctionError } from '../template/template-error.js';
import type { Value } from '../template/value.js';
import { queryText, type Query } from './queries.js';
import { pairList, pairRecord } from './service-records.js';
import type { QueryPort } from './run-context.js';

type KeyQuery = Extract<Query, { kind: 'key' | 'keyExists' | 'keys' }>;

export interface KeyValueOptions {
  /** The store of a datacenter; without one the nearest. */
  store: (datacenter: string | undefined) => KeyValues;
  onChange: () => void;
  log: Log;
}

/** What is below one prefix, as last read. */
interface Watch {
  view: KeyValueView | undefined;
  isAway: boolean;
  end: () => void;
  /** By the text of the query. */
  readonly values: Map<string, Value>;
}

/** Answers `key`, `ls` and `tree` from a key-value store. Each prefix that is asked for is watched. */
export class KeyValueAnswers implements QueryPort {
  readonly #options: KeyValueOptions;
  readonly #watches = new Map<string, Watch>();

  constructor(options: KeyValueOptions) {
    this.#options = options;
  }

  answer(query: Query): Value {
    if (query.kind !== 'key' && query.kind !== 'keyExists' && query.kind !== 'keys') return undefined;
    const watch = this.#watch(query.path, query.datacenter);
    if (watch.view === undefined) return undefined;
    const text = queryText(query);
    // The same view gives the same object, so that what has not changed is not rendered again.
    if (!watch.values.has(text)) watch.values.set(text, valueOf(query, watch.view));
    return watch.values.get(text);
  }

  stop(): void {
    for (const { end } of this.#watches.values()) end();
    this.#watches.clear();
  }

  #watch(prefix: string, datacenter: string | undefined): Watch {
    const key = `${prefix}@${datacenter ?? ''}`;
    const known = this.#watches.get(key);
    if (known !== undefined) return known;
    const { store, onChange, log } = this.#options;
    const watch: Watch = { view: undefined, isAway: false, end: () => undefined, values: new Map() };
    this.#watches.set(key, watch);
    watch.end = store(datacenter).watch(
      prefix,
      (view) => {
        watch.isAway = false;
        watch.view = view;
        watch.values.clear();
        onChange();
      },
      (why) => {
        if (!watch.isAway) log.warn('keys cannot be read; what was known stays', { prefix, why });
        watch.isAway = true;
      },
    );
    return watch;
  }
}

/** Where there is no store: a template that asks for a key fails with the reason, instead of waiting without end. */
export const NO_KEYS: QueryPort = {
  answer: ({ kind }) => {
    if (kind !== 'key' && kind !== 'keyExists' && kind !== 'keys') return undefined;
    throw new FunctionError(
      'there is no key-value store to ask; name a directory of keys (render.keys), or a Consul agent (sources.consul)',
    );
  },
};

function valueOf(query: KeyQuery, { pairs }: KeyValueView): Value {
  if (query.kind === 'keys') return below(query.path, pairs);
  const pair = pairs.find(({ key }) => key === query.path);
  if (query.kind === 'keyExists') return pair !== undefined;
  return pair === undefined ? (query.blocks ? undefined : null) : textOf(pair);
}

function textOf({ value, bytes }: KeyValue): string {
  return bytes === undefined ? value : fromBytes(bytes);
}

/** The pairs, with the prefix cut from their keys. */
function below(path: string, pairs: readonly KeyValue[]): Value {
  const cut = path.replace(/\/$/, '').length;
  return pairList(
    pairs.map((pair) =>
      pairRecord({
        path: pair.key,
        key: pair.key.slice(cut).replace(/^\//, ''),
        value: textOf(pair),
        ...pair.details,
      }),
    ),
  );
}
