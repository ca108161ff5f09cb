import { hasDrifted, readInspection, readListed, type Container } from './container.js';
import type { DockerEvent, EventSink } from './event-stream.js';
import { EventHandler } from './event-handler.js';
import { NetworkReader } from './network-reader.js';
import { DockerError, type DockerPort } from './port.js';
import type { Log } from '../../net/log.js';
import type { ContainerTable } from './container-table.js';
import type { Timers } from '../../runtime/timers.js';
import type { Timing } from './timing.js';
import { WorkQueue } from './work-queue.js';
import { errorMessage } from '../../net/error-message.js';

export interface ReconcilerOptions {
  readonly port: DockerPort;
  readonly table: ContainerTable;
  readonly timers: Timers;
  readonly timing: Timing;
  readonly log: Log;
}

/** Concurrent inspections. */
const places = 16;
const firstRetry = 250;
const lastRetry = 60_000;

/**
 * Keeps the table current over one connection to the engine, with events, periodic lists, and inspections, which
 * decide. Lost, duplicate and reordered events lead to the same table.
 */
export class Reconciler implements EventSink {
  readonly #options: ReconcilerOptions;
  readonly #queue: WorkQueue;
  readonly #networks: NetworkReader;
  readonly #events: EventHandler;
  readonly #failures = new Map<string, number>();
  readonly #timers = new Set<() => void>();
  /** Ids with events since the list was requested. The list may be outdated for them. */
  #touched = new Set<string>();
  #listing: Promise<void> | undefined;
  #listAgain = false;
  #stopped = false;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
    this.#networks = new NetworkReader(options);
    this.#queue = new WorkQueue({
      work: (id, cause, isCurrent) => this.#inspect(id, cause, isCurrent),
      onSlow: (id) => options.table.trustList(id, 'slow inspection'),
      isHanging: (id) => this.#failures.has(id),
      places,
      placeMs: options.timing.place,
      timers: options.timers,
    });
    this.#events = new EventHandler({
      ...options,
      queue: this.#queue,
      networks: this.#networks,
      touched: (id) => this.#touched.add(id),
    });
  }

  event(event: DockerEvent): void {
    this.#events.handle(event);
  }

  gap(why: string): void {
    this.#options.log.warn('events were lost; listing all containers again', { why });
    this.resync('resync').catch((error: unknown) => this.#listFailed(error));
  }

  /**
   * Lists everything, and inspects containers that differ from their known state. Rejects if the list cannot be read;
   * the table is then unchanged. Resolves when every inspection has ended or is known to hang.
   */
  resync(cause: string): Promise<void> {
    if (this.#listing !== undefined) {
      this.#listAgain = true;
      return this.#listing;
    }
    this.#listing = this.#relist(cause).finally(() => {
      this.#listing = undefined;
    });
    return this.#listing;
  }

  #listFailed(error: unknown): void {
    const why = errorMessage(error);
    this.#options.log.warn('listing after lost events failed; the next resync repairs it', {
      why,
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#queue.stop();
    this.#networks.stop();
    this.#events.stop();
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
  }

  async #relist(cause: string): Promise<void> {
    do {
      this.#listAgain = false;
      this.#touched = new Set();
      const [containers] = await Promise.all([
        this.#options.port.listContainers(),
        this.#networks.read(cause),
      ]);
      if (!Array.isArray(containers)) throw new DockerError('listing containers: the answer is not a list');
      if (this.#isStopped()) return;
      this.#applyList(containers, cause);
      await this.#queue.settled();
      // Inspections that have not ended by now hang or fail.
      this.#options.table.trustAll(cause);
    } while (this.#isListWanted());
    this.#options.table.refresh(cause);
  }

  // Functions because the fields change behind an await, which narrowing does not see.
  #isListWanted(): boolean {
    return this.#listAgain && !this.#stopped;
  }

  #isStopped(): boolean {
    return this.#stopped;
  }

  #applyList(entries: readonly unknown[], cause: string): void {
    const { table } = this.#options;
    const missing = new Set(table.ids);
    for (const listed of entries.map(readListed)) {
      if (listed === undefined) continue;
      const { id } = listed;
      missing.delete(id);
      const known = table.get(id);
      const isTouched = this.#touched.has(id);
      if (known?.from === 'inspected') {
        if (isTouched || hasDrifted(known, listed) || this.#isDoubtful(known)) this.#queue.mark(id, cause);
      } else if (listed.phase !== 'stopped') {
        table.putListed(listed, cause);
        this.#queue.mark(id, cause);
      } else if (isTouched || known?.phase === 'starting') {
        this.#queue.mark(id, cause);
      } else {
        // It needs no inspection, because its labels say to which service it belongs.
        table.put(listed, cause);
      }
    }
    for (const id of missing) this.#queue.mark(id, cause);
  }

  /** Questions that a list entry cannot answer. */
  #isDoubtful(known: Container): boolean {
    // In a container without its own network, a new run would change nothing visible.
    const mayHideRestart = known.phase !== 'stopped' && known.attachments.length === 0;
    const { table } = this.#options;
    return (
      mayHideRestart ||
      table.isOverdue(known.id) ||
      table.isUnreadable(known.id) ||
      this.#failures.has(known.id)
    );
  }

  async #inspect(id: string, cause: string, isCurrent: () => boolean): Promise<void> {
    if (!/^[\w.-]+$/.test(id)) return;
    const { port, table } = this.#options;
    try {
      const container = readInspection(await port.inspectContainer(id));
      if (container === undefined) throw new DockerError('inspecting it: the answer is not a container');
      if (!isCurrent()) return;
      this.#failures.delete(id);
      table.put(container.id === id ? container : { ...container, id }, cause);
      table.setUnreadable(id, undefined);
    } catch (error) {
      if (!isCurrent()) return;
      if (error instanceof DockerError && error.status === 404) {
        this.#failures.delete(id);
        table.remove(id, cause);
      } else {
        this.#retry(id, cause, error);
      }
    }
  }

  #retry(id: string, cause: string, error: unknown): void {
    const { table, log } = this.#options;
    const count = (this.#failures.get(id) ?? 0) + 1;
    this.#failures.set(id, count);
    // Its start was reported, so it is in the list.
    if (count === 1 && table.get(id) === undefined) this.resync('resync').catch(() => undefined);
    const why = errorMessage(error);
    // A broken connection is a fault of the engine, not of the container, unless it happens again.
    const isPassing = error instanceof DockerError && error.status === undefined && error.code !== undefined;
    if (count > 1 || !isPassing || error.code === 'ETIMEDOUT') {
      table.setUnreadable(id, why);
      table.trustList(id, cause);
      log.warn('a container cannot be inspected', { id, why });
    }
    this.#after(Math.min(lastRetry, firstRetry * 2 ** Math.min(count - 1, 10)), () =>
      this.#queue.mark(id, cause),
    );
  }

  #after(ms: number, task: () => void): void {
    const cancel = this.#options.timers.after(ms, () => {
      this.#timers.delete(cancel);
      if (!this.#stopped) task();
    });
    this.#timers.add(cancel);
  }
}
