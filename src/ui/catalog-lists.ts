import { computed } from '@preact/signals';
import type { ServiceJson, TaskJson } from '../api/types/resources.js';
import { CatalogIndex } from './catalog-index.js';
import { live } from './live.js';

const index = new CatalogIndex();

live.followState((part) => index.take(part));

/** A new object with each change, because the index itself stays the same. */
const seen = computed(() => ({ revision: live.revision.value, index }));

/** Services by key. */
export const services = computed<readonly ServiceJson[]>(() => seen.value.index.services);

/** Tasks by stack and name. */
export const tasks = computed<readonly TaskJson[]>(() => seen.value.index.tasks);

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
