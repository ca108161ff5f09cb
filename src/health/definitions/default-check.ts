import type { Task } from '../../catalog/model.js';
import type { HealthCheck } from '../check.js';
import { readHealthCheckMapping, type MappingFault } from './mapping.js';

/** A check for tasks of a stack that have none of their own. */
export interface DefaultCheck {
  /** Absent: tasks that it is for have none. */
  readonly check?: HealthCheck;
  /** The services whose tasks it is for, lower case; a sidekick by its own name. Absent: all. */
  readonly services?: readonly string[];
  /** It is for tasks that have one of these ports. Absent: all. */
  readonly ports?: readonly number[];
}

/**
 * Reads one entry of `health.defaults`: the mapping of a check, and what it is for.
 * @param from where it is written, for people
 */
export function readDefaultCheck(
  mapping: Readonly<Record<string, unknown>>,
  from: string,
): { readonly found: DefaultCheck; readonly faults: readonly MappingFault[] } {
  const { services, ports, ...rest } = mapping;
  const { check, faults } = readHealthCheckMapping(rest, from, 'all');
  const wrong: MappingFault[] = [];
  const fault = (key: string, message: string): void =>
    void wrong.push({ path: [key], part: 'value', message });
  if (services !== undefined && !isListOf(services, isName))
    fault('services', 'is not a list of names; write one such as [web, api]');
  if (ports !== undefined && !isListOf(ports, isPort))
    fault('ports', 'is not a list of numbers from 1 to 65535; write one such as [80, 8080]');
  const found = {
    ...(check && { check }),
    ...(isListOf(services, isName) && { services: services.map((name) => name.toLowerCase()) }),
    ...(isListOf(ports, isPort) && { ports }),
  };
  return { found, faults: [...faults, ...wrong] };
}

/** Whether a default is for a task of its stack. */
export function isFor({ services, ports }: DefaultCheck, task: Pick<Task, 'service' | 'ports'>): boolean {
  const name = task.service && (task.service.sidekick ?? task.service.service);
  if (services && (name === undefined || !services.includes(name.toLowerCase()))) return false;
  return !ports || task.ports.some(({ port, target }) => ports.includes(port) || ports.includes(target));
}

function isListOf<T>(value: unknown, isItem: (item: unknown) => item is T): value is readonly T[] {
  return Array.isArray(value) && value.length > 0 && value.every(isItem);
}

const isName = (item: unknown): item is string => typeof item === 'string' && item !== '';
const isPort = (item: unknown): item is number =>
  typeof item === 'number' && Number.isInteger(item) && item >= 1 && item <= 65_535;
