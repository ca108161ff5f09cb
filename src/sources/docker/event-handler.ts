import {
  createdContainer,
  ended,
  exitText,
  notStarted,
  starting,
  type Attachment,
  type Container,
} from './container.js';
import type { DockerEvent } from './event-stream.js';
import { operatorName } from '../../labels/task-names.js';
import type { NetworkReader } from './network-reader.js';
import { gatewayBridgeName } from './networks.js';
import { rawText } from './raw.js';
import { isStopSignal, signalNumber } from './stop-signals.js';
import type { ContainerTable } from './container-table.js';
import { printable } from '../../text/printable.js';
import type { Timers } from '../../runtime/timers.js';
import type { Timing } from './timing.js';
import type { WorkQueue } from './work-queue.js';

export interface EventHandlerOptions {
  readonly table: ContainerTable;
  readonly queue: WorkQueue;
  readonly networks: NetworkReader;
  readonly timers: Timers;
  readonly timing: Timing;
  /** Called with every container that an event is about. */
  readonly touched: (id: string) => void;
}

/**
 * Events are hints. The certain part of an event is applied at once, so that a container that died is no longer served.
 * Every event marks its container for an inspection, which decides.
 */
export class EventHandler {
  readonly #options: EventHandlerOptions;
  readonly #timers = new Set<() => void>();
  /** Containers that are being started. */
  readonly #starts = new Map<string, object>();

  constructor(options: EventHandlerOptions) {
    this.#options = options;
  }

  handle(event: DockerEvent): void {
    if (event.type === 'network') this.#networkEvent(event);
    else if (event.type === 'container') this.#containerEvent(event);
  }

  stop(): void {
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
  }

  #containerEvent(event: DockerEvent): void {
    const { id, attributes } = event;
    const { timing } = this.#options;
    this.#options.touched(id);
    const action = event.action.split(':')[0] ?? '';
    if (action === 'start' || action === 'die' || action === 'destroy') this.#starts.delete(id);
    switch (action) {
      case 'create':
        // It is usually started within milliseconds, and that event says more. Until then its labels are known.
        if (this.#options.table.get(id) === undefined)
          this.#options.table.put(createdContainer(id, attributes), 'create');
        this.#options.queue.markLater(id, timing.created, 'create');
        return;
      case 'kill':
        this.#kill(event);
        return;
      case 'die':
        this.#die(event, `die exit ${printable(attributes.exitCode ?? '?')}`);
        return;
      case 'destroy':
        this.#options.table.remove(id, 'destroy');
        this.#options.queue.mark(id, 'destroy', true);
        return;
      case 'pause':
        this.#overlay(event, 'pause', (known) =>
          known.phase === 'running' ? { ...known, phase: 'paused' } : known,
        );
        return;
      case 'health_status':
        this.#health(event);
        return;
      case 'rename':
        this.#options.queue.mark(
          id,
          `rename ${shown(attributes.oldName)} -> ${shown(attributes.name)}`,
          true,
        );
        return;
      case 'start':
      case 'unpause':
      case 'update':
        this.#options.queue.mark(id, action, true);
        return;
      default:
        return;
    }
  }

  #kill({ id, attributes, at }: DockerEvent): void {
    const { table, timers, timing } = this.#options;
    const known = table.get(id);
    const signal = signalNumber(attributes.signal);
    // The list does not contain the stop signal, so the inspection decides.
    const isKnown = known?.from === 'inspected';
    if (signal === undefined || (isKnown && !isStopSignal(signal, known.stopSignal))) return;
    const grace = signal === 9 ? 0 : (known?.stopTimeout ?? 10_000);
    const wait = grace + timing.drainGrace;
    const cause = `kill signal ${signal}`;
    table.sent(id, { signal, at }, timers.now() + wait, cause);
    this.#after(wait, () => {
      if (table.isOverdue(id)) this.#options.queue.mark(id, `${cause} had no effect`);
    });
    if (known === undefined) this.#options.queue.mark(id, cause);
  }

  #die(event: DockerEvent, cause: string): void {
    const { exitCode } = event.attributes;
    const code = exitCode === undefined || !/^\d+$/.test(exitCode) ? undefined : Number(exitCode);
    this.#overlay(event, cause, (known) => ended(known, exitText(code)));
  }

  #health(event: DockerEvent): void {
    const status = /^health_status:\s*(\S+)/.exec(event.action)?.[1];
    const cause = `health_status: ${printable(status ?? '?')}`;
    this.#overlay(event, cause, (known) =>
      (status === 'healthy' || status === 'unhealthy') && known.phase !== 'stopped'
        ? { ...known, health: status }
        : known,
    );
  }

  /** Applies an event to a known container, unless it is about an earlier run. Then an inspection confirms it. */
  #overlay({ id, at }: DockerEvent, cause: string, change: (known: Container) => Container): void {
    const { table } = this.#options;
    const known = table.get(id);
    if (known !== undefined && !isOfEarlierRun(known, at)) {
      const changed = change(known);
      if (changed !== known) table.overlay(changed, cause);
    }
    this.#options.queue.mark(id, cause, true);
  }

  #networkEvent(event: DockerEvent): void {
    const { id, action, attributes, at } = event;
    if (action !== 'connect' && action !== 'disconnect') {
      this.#options.networks.refresh(`network ${action}`);
      return;
    }
    // A container on an overlay network also gets an address on that bridge, without an event.
    if (attributes.name === gatewayBridgeName || attributes.type === 'overlay')
      this.#options.networks.refresh(`network ${action}`);
    const container = rawText(attributes.container);
    if (container === undefined) return;
    this.#options.touched(container);
    const known = this.#options.table.get(container);
    const cause = `network ${action} ${shown(attributes.name)}`;
    if (action === 'disconnect') this.#starts.delete(container);
    if (action === 'disconnect' && known && known.phase !== 'stopped' && !isOfEarlierRun(known, at)) {
      // The address is free now, and the next container may get it.
      const attachments = known.attachments.filter(({ network }) => network !== id);
      const isGivenUp = known.phase === 'starting' && attachments.length === 0;
      this.#options.table.overlay(isGivenUp ? ended(known, notStarted) : { ...known, attachments }, cause);
    }
    if (known === undefined || known.phase === 'stopped' || known.phase === 'starting') {
      // This is part of a start or an end, whose own event says more. The answer to an inspection that was requested
      // before the start would remove the addresses again.
      this.#options.queue.markLater(container, this.#options.timing.created, cause, action === 'connect');
      if (action === 'connect' && known !== undefined) void this.#starting(container, event, cause);
      return;
    }
    this.#options.queue.mark(container, cause, true);
  }

  /**
   * A container that is being started has its addresses 100 ms before its process runs, and its first query may come at
   * once. Its own inspection answers only afterwards. The inspection of the network does not wait.
   */
  async #starting(container: string, { id, attributes }: DockerEvent, cause: string): Promise<void> {
    const { networks } = this.#options;
    const name = attributes.name ?? id;
    if (attributes.type === 'host' || attributes.type === 'null') {
      this.#join(container, { network: id, name, endpoint: '', ips: [] }, cause);
      return;
    }
    const start = this.#starts.get(container) ?? {};
    this.#starts.set(container, start);
    const place = await networks.placeOn(id, container);
    // Events in the meantime are newer than the answer.
    if (place !== undefined && this.#starts.get(container) === start)
      this.#join(container, { network: id, name, ...place }, cause);
  }

  #join(container: string, place: Attachment, cause: string): void {
    const { table } = this.#options;
    const known = table.get(container);
    if (known?.phase === 'stopped' || known?.phase === 'starting')
      table.overlay(starting(known, place), cause);
  }

  #after(ms: number, task: () => void): void {
    const cancel = this.#options.timers.after(ms, () => {
      this.#timers.delete(cancel);
      task();
    });
    this.#timers.add(cancel);
  }
}

function isOfEarlierRun(known: Container, at: number | undefined): boolean {
  return at !== undefined && known.startedAt !== undefined && at < known.startedAt;
}

function shown(name: string | undefined): string {
  return printable(operatorName((name ?? '?').replace(/^\//, '')));
}
