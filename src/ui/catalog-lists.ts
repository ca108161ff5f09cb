import { computed } from '@preact/signals';
import type { ServiceJson, TaskJson } from '../api/types/resources.js';
import { live } from './live.js';

/** Services by key. */
export const services = computed<readonly ServiceJson[]>(() => {
  return [...live.replica.services.values()].sort((a, b) => byText(a.key, b.key));
});

/** Tasks by stack and name. */
export const tasks = computed<readonly TaskJson[]>(() => {
  return [...live.replica.tasks.values()].sort(
    (a, b) => byText(a.stack, b.stack) || byText(a.name, b.name) || byText(a.id, b.id),
  );
});

export function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The key of the service that a task belongs to. */
export function serviceKeyOf({ service }: Pick<TaskJson, 'service'>): string | undefined {
  if (!service) return undefined;
  const { environment, stack, service: name, sidekick } = service;
  return [environment, stack, name, ...(sidekick === undefined ? [] : [sidekick])].join('/');
}

/** `web.shop` */
export function serviceNameOf({ service }: Pick<TaskJson, 'service'>): string | undefined {
  if (!service) return undefined;
  const { stack, service: name, sidekick } = service;
  return `${sidekick === undefined ? '' : `${sidekick}.`}${name}.${stack}`;
}
