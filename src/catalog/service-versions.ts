import type { ImageRef } from '../net/image-names.js';
import type { Task } from './model.js';

/** An image that tasks of a service run. */
export interface Version extends ImageRef {
  /** How many running tasks have it. */
  readonly tasks: number;
  /** When the first of them was created, milliseconds since the epoch; undefined if unknown. */
  readonly since?: number;
}

interface Tally {
  tasks: number;
  since: number;
}

/**
 * What the running tasks of a service run, the oldest version first. More than one version: the service is being
 * upgraded.
 *
 * A container that is about to start is known by its image's name only. It counts to the newest known version of that
 * name, so that it does not look like a version of its own until the engine says more.
 */
export function versionsOf(tasks: Iterable<Task>): readonly Version[] {
  const images = new Map<string, Map<string, Tally>>();
  for (const task of tasks) {
    if (task.image === undefined || task.health === 'stopped') continue;
    const ids = images.get(task.image) ?? new Map<string, Tally>();
    images.set(task.image, ids);
    const tally = ids.get(task.imageId ?? '') ?? { tasks: 0, since: Infinity };
    ids.set(task.imageId ?? '', tally);
    tally.tasks += 1;
    tally.since = Math.min(tally.since, task.createdAt ?? task.startedAt ?? Infinity);
  }
  return [...images]
    .flatMap(([image, ids]) => versionsOfImage(image, ids))
    .sort((a, b) => (a.since ?? Infinity) - (b.since ?? Infinity) || (nameOf(a) < nameOf(b) ? -1 : 1));
}

function versionsOfImage(image: string, ids: Map<string, Tally>): Version[] {
  const unknown = ids.get('');
  const newest = [...ids].filter(([id]) => id !== '').sort(([, a], [, b]) => b.since - a.since)[0]?.[1];
  if (unknown && newest) {
    newest.tasks += unknown.tasks;
    ids.delete('');
  }
  return [...ids].map(([id, { tasks, since }]) => ({
    image,
    ...(id !== '' && { imageId: id }),
    tasks,
    ...(since !== Infinity && { since }),
  }));
}

/** When the upgrade began that is under way: when the first task of the newest version was created. */
export function upgradingSince(versions: readonly Version[]): number | undefined {
  return versions.length > 1 ? versions.at(-1)?.since : undefined;
}

/**
 * Whether two lists name the same versions, however many tasks have each. One whose image is known by its name only may
 * be any of that name.
 */
export function sameVersions(a: readonly Version[], b: readonly Version[]): boolean {
  return a.length === b.length && b.every((version) => a.some((each) => isSame(each, version)));
}

function isSame(a: ImageRef, b: ImageRef): boolean {
  if (a.image !== b.image) return false;
  return a.imageId === b.imageId || a.imageId === undefined || b.imageId === undefined;
}

function nameOf({ image, imageId = '' }: ImageRef): string {
  return `${image} ${imageId}`;
}
