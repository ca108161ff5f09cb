import { versionsText } from '../net/image-names.js';
import { HEALTH, type CatalogEvent, type ChangeSet, type EventTask } from './change.js';
import { serviceName, type Service, type SourceStatus, type Task } from './model.js';
import type { Snapshot } from './snapshot.js';
import { sameVersions, versionsOf } from './service-versions.js';

/** How many events are kept for later readers. */
const KEPT = 2000;
/** A change of more tasks than this (such as the first sync) is reported in one line. */
const TOLD_SINGLY = 500;

type Draft = Pick<CatalogEvent, 'type' | 'subject' | 'message' | 'cause' | 'task' | 'place'>;

/** The event trail in words, with a sequence number from which to resume. */
export class EventTrail {
  #seq = 0;
  #kept: CatalogEvent[] = [];
  readonly #listeners = new Set<(event: CatalogEvent) => void>();
  readonly #onListenerError: (error: unknown) => void;

  constructor(onListenerError: (error: unknown) => void) {
    this.#onListenerError = onListenerError;
  }

  after(seq: number): readonly CatalogEvent[] {
    return this.#kept.filter((event) => event.seq > seq);
  }

  /** The number of the oldest event that is kept; that of the next one if there is none. */
  get first(): number {
    return this.#kept[0]?.seq ?? this.#seq + 1;
  }

  subscribe(listener: (event: CatalogEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  record(change: ChangeSet, before: Snapshot, after: Snapshot): void {
    for (const draft of drafts(change, before, after)) this.#push(draft, change);
  }

  sourceState(before: SourceStatus, after: SourceStatus, revision: number, at: number): void {
    const message = `${before.state} -> ${after.state}${after.error === undefined ? '' : `: ${after.error}`}`;
    this.#push({ type: 'source.state', subject: after.name, message }, { revision, at, source: after.name });
  }

  /** Adds an event that does not change the catalog. */
  note(draft: Draft, revision: number, at: number, source: string): void {
    this.#push(draft, { revision, at, source });
  }

  #push(
    draft: Draft,
    { revision, at, source, cause }: Pick<ChangeSet, 'revision' | 'at' | 'source' | 'cause'>,
  ): void {
    const event = {
      seq: ++this.#seq,
      at,
      revision,
      source,
      ...(cause === undefined ? {} : { cause }),
      ...draft,
    };
    this.#kept.push(event);
    if (this.#kept.length > KEPT * 2) this.#kept = this.#kept.slice(-KEPT);
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        this.#onListenerError(error);
      }
    }
  }
}

function* drafts(change: ChangeSet, before: Snapshot, after: Snapshot): Generator<Draft> {
  const { tasks, services } = change;
  const count = tasks.added.length + tasks.changed.length + tasks.removed.length;
  if (count > TOLD_SINGLY) {
    const message = `${tasks.added.length} tasks added, ${tasks.changed.length} changed, ${tasks.removed.length} removed`;
    yield { type: 'source.sync', subject: change.source, message };
    return;
  }
  for (const key of services.added) yield* serviceDraft('service.added', after.serviceByKey(key));
  for (const id of tasks.added) {
    const task = after.task(id);
    if (task) yield { type: 'task.added', ...about(task), message: describe(task) };
  }
  for (const id of tasks.changed) {
    const [old, task] = [before.task(id), after.task(id)];
    if (old && task) yield changeDraft(old, task, change);
  }
  for (const id of tasks.removed) {
    const task = before.task(id);
    if (task) yield { type: 'task.removed', ...about(task), message: describe(task) };
  }
  for (const key of services.changed) yield* versionDraft(before.serviceByKey(key), after.serviceByKey(key));
  for (const key of services.removed) yield* serviceDraft('service.removed', before.serviceByKey(key));
}

function* serviceDraft(type: string, service: Service | undefined): Generator<Draft> {
  if (service) yield { type, ...aboutService(service), message: `${service.kind}, ${service.endpointMode}` };
}

/** Begins and ends an upgrade: the versions that run are others than before. */
function* versionDraft(old: Service | undefined, service: Service | undefined): Generator<Draft> {
  if (!old || !service || old.tasks === service.tasks) return;
  const [before, after] = [versionsOf(old.tasks), versionsOf(service.tasks)];
  if (before.length === 0 || after.length === 0 || sameVersions(before, after)) return;
  const message = `${versionsText(before)} -> ${versionsText(after)}`;
  yield { type: 'service.version', ...aboutService(service), message };
}

function changeDraft(old: Task, task: Task, change: ChangeSet): Draft {
  if (old.health !== task.health || old.reason !== task.reason) {
    // Health reports arrive in batches, each with its own cause. A source gives one cause for its whole change.
    const cause = change.source === HEALTH ? (task.reason ?? change.cause) : change.cause;
    const isTold = task.reason === undefined || task.reason === cause;
    const reason = isTold ? '' : ` (${task.reason})`;
    const { restarts = 0 } = task;
    const again = restarts > (old.restarts ?? 0) ? `, restart ${restarts}` : '';
    const before = old.health === task.health ? '' : `${old.health} -> `;
    const message = `${before}${task.health}${reason}${again}`;
    return { type: 'task.health', ...about(task), message, ...(cause === undefined ? {} : { cause }) };
  }
  if (old.name !== task.name)
    return { type: 'task.renamed', ...about(task), message: `${old.name} -> ${task.name}` };
  return { type: 'task.changed', ...about(task), message: describe(task) };
}

function about(task: Task): Pick<Draft, 'subject' | 'task' | 'place'> {
  const { environment, stack } = task.service ?? task;
  return { subject: task.name, task: eventTask(task), place: { environment, stack } };
}

function aboutService(service: Service): Pick<Draft, 'subject' | 'place'> {
  const { environment, stack } = service;
  return { subject: serviceName(service), place: { environment, stack } };
}

function describe(task: Task): string {
  const where = task.endpoints.map((endpoint) => endpoint.ip).join(', ') || 'no address';
  const what = task.image === undefined ? '' : `, ${task.image}`;
  return `${task.service ? serviceName(task.service) : 'no service'}, ${task.health}, ${where}${what}`;
}

function eventTask({ id, node, image, imageId, createdAt, startedAt, restarts }: Task): EventTask {
  return {
    id,
    ...(node && { node }),
    ...(image !== undefined && { image }),
    ...(imageId !== undefined && { imageId }),
    ...(createdAt !== undefined && { createdAt }),
    ...(startedAt !== undefined && { startedAt }),
    ...(restarts !== undefined && { restarts }),
  };
}
