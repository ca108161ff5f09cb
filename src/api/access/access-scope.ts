import type { ServiceKey, Task } from '../../catalog/model.js';

/** The part of the catalog that a token is limited to. What is absent limits nothing. */
export interface Scope {
  readonly environments?: readonly string[];
  readonly stacks?: readonly string[];
}

/** Where something is. */
export interface ScopePlace {
  readonly environment: string;
  readonly stack: string;
}

export const WHOLE: Scope = {};

export function isWhole({ environments, stacks }: Scope): boolean {
  return environments === undefined && stacks === undefined;
}

export function isInScope({ environments, stacks }: Scope, { environment, stack }: ScopePlace): boolean {
  return (environments?.includes(environment) ?? true) && (stacks?.includes(stack) ?? true);
}

/** A task belongs to the stack of its service. */
export function placeOfTask({
  environment,
  stack,
  service,
}: Pick<Task, 'environment' | 'stack' | 'service'>): ScopePlace {
  return service === undefined
    ? { environment, stack }
    : { environment: service.environment, stack: service.stack };
}

/** The names in a key are DNS labels, so they contain no slash. */
export function placeOfKey(key: ServiceKey): ScopePlace {
  const [environment = '', stack = ''] = key.split('/');
  return { environment, stack };
}

/** A text that is the same for the same scopes; '' for the whole. */
export function scopeKey(scope: Scope): string {
  if (isWhole(scope)) return '';
  const { environments, stacks } = scope;
  return JSON.stringify([environments?.toSorted() ?? null, stacks?.toSorted() ?? null]);
}

/** Reads what {@link scopeKey} wrote. */
export function scopeOfKey(key: string): Scope {
  if (key === '') return WHOLE;
  const [environments, stacks] = JSON.parse(key) as [string[] | null, string[] | null];
  return { ...(environments && { environments }), ...(stacks && { stacks }) };
}
