import { KeyValuesAway, type KeyValue, type KeyValues, type KeyValueView } from '../catalog/key-values.js';
import {
  BlockingQuery,
  systemQueryTimers,
  type QueryPace,
  type QueryTimers,
} from '../consul/blocking-query.js';
import { ConsulClient, ConsulError, type ConsulAddress, type ConsulAnswer } from '../consul/consul-client.js';
import { Gate } from '../consul/gate.js';
import { errorMessage } from '../net/error-message.js';
import { storedText } from './stored-text.js';

/** A pair as `/v1/kv` has it. */
interface Entry {
  readonly Key: string;
  /** Base64; null: empty. */
  readonly Value: string | null;
  readonly CreateIndex: number;
  readonly ModifyIndex: number;
  readonly LockIndex: number;
  readonly Flags: number;
  readonly Session?: string;
}

/** Consul's KV store, through one agent. Each prefix that is watched is one blocking query. */
export class ConsulKeyValues implements KeyValues {
  readonly #client: ConsulClient;
  readonly #pace: Partial<QueryPace>;
  readonly #timers: QueryTimers;
  readonly #gate: Gate;
  readonly #queries = new Set<BlockingQuery>();

  constructor(consul: ConsulAddress, pace: Partial<QueryPace> = {}, timers = systemQueryTimers) {
    this.#client = new ConsulClient(consul);
    this.#pace = pace;
    this.#timers = timers;
    this.#gate = new Gate(timers);
  }

  async get(key: string): Promise<KeyValue | undefined> {
    const { body } = await away(this.#ask(key, {}));
    return pairsOf(body)[0];
  }

  async list(prefix: string): Promise<KeyValueView> {
    return viewOf(await away(this.#ask(prefix, { recurse: '' })));
  }

  watch(prefix: string, onView: (view: KeyValueView) => void, onAway: (why: string) => void): () => void {
    let isEnded = false;
    const query = new BlockingQuery({
      timers: this.#timers,
      pace: this.#pace,
      ask: (index, wait, timeout, signal) => {
        const blocking = index !== undefined && { index: String(index), wait: `${wait}ms` };
        const asked = { recurse: '', stale: '', ...blocking };
        return this.#gate.pass(signal, () => this.#ask(prefix, asked, { timeout, signal }));
      },
      onAnswer: (answer) => {
        if (!isEnded) onView(viewOf(answer));
      },
      onFailure: (error) => {
        if (!isEnded) onAway(error.message);
      },
    });
    this.#queries.add(query);
    void query.start();
    return () => {
      isEnded = true;
      this.#queries.delete(query);
      void query.stop();
    };
  }

  /** Ends all watches and connections. */
  close(): void {
    this.#gate.stop();
    for (const query of this.#queries) void query.stop();
    this.#queries.clear();
    this.#client.close();
  }

  #ask(
    key: string,
    query: Readonly<Record<string, string>>,
    options: { timeout?: number; signal?: AbortSignal } = {},
  ): Promise<ConsulAnswer> {
    const path = key.split('/').map(encodeURIComponent).join('/');
    return this.#client.get(`/kv/${path}`, { ...options, query, mayBeMissing: true });
  }
}

/** @throws KeyValuesAway for any failure of Consul */
async function away<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof ConsulError) throw new KeyValuesAway(error.message, { cause: error });
    throw new KeyValuesAway(errorMessage(error), { cause: error });
  }
}

function viewOf({ body, index }: ConsulAnswer): KeyValueView {
  return { pairs: pairsOf(body), revision: String(index ?? 0n) };
}

/** @param body an array of pairs; undefined: there are none */
function pairsOf(body: unknown): KeyValue[] {
  // The names and types of `/v1/kv` are part of Consul's API.
  const entries = (body ?? []) as readonly Entry[];
  return entries.map((entry) => ({
    key: entry.Key,
    ...storedText(Buffer.from(entry.Value ?? '', 'base64')),
    revision: String(entry.ModifyIndex),
    details: {
      createIndex: BigInt(entry.CreateIndex),
      modifyIndex: BigInt(entry.ModifyIndex),
      lockIndex: BigInt(entry.LockIndex),
      flags: BigInt(entry.Flags),
      ...(entry.Session !== undefined && { session: entry.Session }),
    },
  }));
}
