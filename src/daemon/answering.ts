import { availableParallelism } from 'node:os';
import type { ChangeSet } from '../catalog/change.js';
import type { Demand } from '../catalog/demand.js';
import type { LookupKey } from '../catalog/lookup-keys.js';
import type { Snapshot } from '../catalog/snapshot.js';
import type { AnsweringJson, DnsCountersJson, Counts } from '../api/types/dns-figures.js';
import { Compiler } from '../dns/answers/compiler.js';
import { Publisher } from '../dns/answers/answer-publisher.js';
import { LocalAnswers } from '../dns/answers/local.js';
import { Tally, type TallyCounts } from '../dns/answers/tally.js';
import { Versions } from '../dns/answers/versions.js';
import { NativeUdp } from '../dns/server/native/native-udp.js';
import type { Responder } from '../dns/server/responder.js';
import { listenUdp, type UdpCounters, type UdpListener } from '../dns/server/udp-server.js';
import { loadLibc, type Libc, type Unavailable } from '../linux/libc.js';
import type { HostPort } from '../net/ip.js';
import { openTcpListener } from '../linux/tcp-listener.js';
import { BACKLOG } from '../dns/server/tcp-server.js';
import type { Part } from './lifecycle.js';
import type { LoadedConfig } from './loaded-config.js';
import { errorMessage } from '../net/error-message.js';
import type { Log } from '../net/log.js';
import type { Names } from './name-parts.js';
import type { Pace, Paced } from '../runtime/pace.js';

/** A source reads its list of names again after five seconds if it is asked for one that is not there. */
const DENIAL_SECONDS = 5;
/** A source stops reading what nothing has asked for during a day (`demand-upkeep.ts`). */
const ANSWER_SECONDS = 3600;

export interface AnsweringOptions {
  readonly responder: Responder;
  readonly names: () => Names;
  readonly demand: Pick<Demand, 'matters'>;
  readonly environment: () => string;
  readonly snapshot: () => Snapshot;
  readonly pace: Pick<Pace, 'follow'>;
  /** Whether the addresses belong to a daemon that still runs. */
  readonly sharesAddresses: () => boolean;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly log: Log;
}

/** How UDP is answered: by threads if the system allows it, else packet by packet. Both use compiled answers. */
export class Answering implements Part {
  readonly name = 'answering threads';
  readonly #options: AnsweringOptions;
  readonly #versions = new Versions();
  readonly #compiler: Compiler;
  readonly #publisher: Publisher;
  #loaded = false;
  #complete = false;
  /** Changes that have not been reported yet. */
  #pending: Set<LookupKey> | 'all' | undefined;
  readonly #telling: Paced;
  #native: NativeUdp | undefined;
  #libcInUse: Libc | undefined;
  #local: LocalAnswers | undefined;
  #why: string | undefined;
  #workers = 0;
  /** The share of queries that people look at. */
  #watched = 0;

  constructor(options: AnsweringOptions) {
    this.#options = options;
    this.#telling = options.pace.follow(() => this.#tell());
    const { names, environment, snapshot, log } = options;
    this.#compiler = new Compiler({
      versions: this.#versions,
      snapshot,
      environment,
      isServed: (seen, address) => names().isServedFreely(seen, address),
      resolve: (seen, view, question) => names().zone.resolveFor(seen, view, question),
      lookup: (question) => names().cache.peek(question),
      denialSeconds: () => (options.demand.matters ? DENIAL_SECONDS : undefined),
      answerSeconds: () => (options.demand.matters ? ANSWER_SECONDS : undefined),
      now,
      onFault: (error) => {
        log.error('an answer could not be compiled; please report it', { error: errorMessage(error) });
      },
    });
    this.#publisher = new Publisher({
      versions: this.#versions,
      compiler: this.#compiler,
      install: (entry) => (this.#native ?? this.#local)?.install(entry),
    });
  }

  /** Decides once which way is used. */
  async start({ config }: LoadedConfig): Promise<void> {
    const { native, realTime, workers } = config.dns;
    this.reload();
    const { log, responder } = this.#options;
    const libc = await this.#libc(native);
    if ('unavailable' in libc) {
      this.#why = libc.unavailable;
      this.#local = new LocalAnswers({ versions: this.#versions, compiler: this.#compiler, now });
      return;
    }
    this.#workers = workers === 'auto' ? automaticWorkers(availableParallelism()) : workers;
    this.#libcInUse = libc;
    this.#native = new NativeUdp({
      libc,
      sharesAddresses: this.#options.sharesAddresses(),
      realTime: realTime === 'auto',
      workers: this.#workers,
      versions: this.#versions,
      compiler: this.#compiler,
      responder,
      log,
    });
  }

  #libc(native: 'auto' | 'off'): Promise<Libc | Unavailable> {
    if (native === 'off') return Promise.resolve({ unavailable: 'dns.native is off' });
    // A thread runs its own file, which exists only in a build.
    if (import.meta.url.endsWith('.ts'))
      return Promise.resolve({ unavailable: 'Fairlead runs from its source' });
    return loadLibc();
  }

  /**
   * How TCP sockets are created, so that a successor can share their address; undefined: Node creates them. Without a
   * predecessor, no other process may have the address.
   */
  openTcp(): ((address: HostPort) => number) | undefined {
    const libc = this.#libcInUse;
    if (!libc) return undefined;
    return (address) => {
      let free = address;
      if (!this.#options.sharesAddresses()) {
        const probe = openTcpListener(libc, address, BACKLOG);
        free = probe.address;
        probe.close();
      }
      return openTcpListener(libc, free, BACKLOG, { reusePort: true }).fd;
    };
  }

  /** @returns rejects with the system error if the address cannot be bound */
  listen(address: HostPort, counters: UdpCounters): UdpListener | Promise<UdpListener> {
    if (this.#native) return this.#native.listen(address, counters);
    return listenUdp(address, this.#options.responder, counters, this.#local);
  }

  /**
   * Call this with each change of the catalog. Consecutive changes are reported together, at the earliest at the end of
   * this turn of the event loop. Before that, this thread could not answer questions from the answering threads anyway.
   */
  publish({ lookups, networks }: ChangeSet, { loaded, complete }: Snapshot): void {
    const isNew =
      loaded !== this.#loaded ||
      complete !== this.#complete ||
      networks.added.length + networks.changed.length + networks.removed.length > 0;
    this.#loaded = loaded;
    this.#complete = complete;
    this.#pending ??= new Set();
    if (isNew || lookups === 'all') this.#pending = 'all';
    else if (this.#pending !== 'all') for (const key of lookups) this.#pending.add(key);
    if (!this.#native) this.#tell();
    else this.#telling.due();
  }

  /** Call this when people look at another share of the queries, 0 to 1. */
  watch(share: number): void {
    this.#watched = share;
    this.#sample();
  }

  /** Call this when the names of another configuration are active: all compiled answers become invalid. */
  reload(): void {
    this.#sample();
    this.#publisher.publish('all', this.#serial(this.#options.snapshot()));
  }

  /** The threads draw once for the log and for people, with the larger share (`drawLookers`). */
  #sample(): void {
    const { queryLog } = this.#options.names().tuning;
    const logged = queryLog ? (queryLog.sample ?? 1) : 0;
    this.#versions.setSample(Math.max(logged, this.#watched));
  }

  #tell(): void {
    const pending = this.#pending;
    this.#pending = undefined;
    if (pending !== undefined) this.#publisher.publish(pending, this.#serial(this.#options.snapshot()));
  }

  /** The responder's counters, plus those of answers that bypassed it. */
  counters(): DnsCountersJson {
    const counts = this.#counts();
    const base = this.#options.responder.counters();
    const answered = counts.own + counts.upstream;
    return {
      ...base,
      queries: add(base.queries, counts.queries),
      replies: add(base.replies, counts.replies),
      packets: add(base.packets, { udp: answered + counts.sourcePort + counts.overload }),
      dropped: add(base.dropped, { 'source-port': counts.sourcePort, overload: counts.overload }),
      truncated: base.truncated + counts.truncated,
    };
  }

  status(): AnsweringJson {
    const restarts = this.#native?.restarts;
    const { own, upstream, misses, sendErrors, batchSizes, times } = this.#counts();
    return {
      backend: this.#native ? 'native' : 'dgram',
      ...(this.#why !== undefined && { why: this.#why }),
      threads: this.#workers,
      restarts: restarts?.count ?? 0,
      ...(restarts?.lastError !== undefined && { lastError: restarts.lastError }),
      own,
      upstream,
      misses,
      sendErrors,
      batchSizes,
      times,
    };
  }

  /** The listeners must be closed first. */
  async stop(): Promise<void> {
    this.#telling.stop();
    await this.#native?.stop();
  }

  #counts(): TallyCounts {
    return this.#native?.counts() ?? Tally.sum(this.#local ? [this.#local.tally] : []);
  }

  #serial({ revision }: Snapshot): number {
    return (Math.floor(this.#options.startedAt / 1000) + revision) | 0;
  }
}

/** One thread on up to four cores, because one answers more queries than the rest of the host can send. */
export function automaticWorkers(cores: number): number {
  return Math.min(4, Math.max(1, Math.floor(cores / 4)));
}

/** Seconds of CLOCK_MONOTONIC, which all threads share. */
function now(): number {
  return Number(process.hrtime.bigint()) / 1e9;
}

function add(one: Counts, other: Counts): Counts {
  const sum: Record<string, number> = { ...one };
  for (const [name, count] of Object.entries(other))
    if (count > 0 || name in sum) sum[name] = (sum[name] ?? 0) + count;
  return sum;
}
