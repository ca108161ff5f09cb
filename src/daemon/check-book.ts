import { readFileSync } from 'node:fs';
import { serviceKey, type ServiceKey } from '../catalog/index.js';
import { CheckBook } from '../health/check-book.js';
import type { HealthCheck } from '../health/check.js';
import { readHealthCheckMapping, readRancherCompose } from '../health/definitions/rancher-compose.js';
import { fileFault } from '../text/file-fault.js';
import type { LoadedConfig } from './daemon.js';

/**
 * The checks that the configuration defines.
 * @param warn told of what is not used, with its place
 * @throws Error with one line when a file cannot be read, or a check in it cannot run: file, line, column, what to do
 */
export function createCheckBook(loaded: LoadedConfig, warn: (message: string) => void): CheckBook {
  const { environment, health } = loaded.config;
  const services = new Map<ServiceKey, HealthCheck | null>();
  for (const [stack, path] of Object.entries(health.rancherCompose)) {
    const found = readRancherCompose(readText(loaded, stack, path), path);
    for (const { line, column, message, fatal } of found.notes) {
      const text = `${path}:${line}:${column}: ${message}`;
      if (fatal) throw new Error(text);
      warn(text);
    }
    for (const [service, check] of found.services)
      services.set(serviceKey({ environment, stack, service }), check);
  }
  const stacks = new Map<string, HealthCheck>();
  for (const [stack, mapping] of Object.entries(health.defaults)) {
    const { check, notes } = readHealthCheckMapping(mapping, `health.defaults.${stack}`);
    for (const { path, message, fatal } of notes) {
      const keys = path.filter((key) => typeof key !== 'symbol');
      const text = loaded.errorAt(['health', 'defaults', stack, ...keys], message);
      if (fatal) throw new Error(text);
      warn(text);
    }
    if (check) stacks.set(`${environment}/${stack}`, check);
  }
  return new CheckBook({ services, stacks });
}

function readText(loaded: LoadedConfig, stack: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Error(loaded.errorAt(['health', 'rancherCompose', stack], `${path}: ${fileFault(error)}`), {
      cause: error,
    });
  }
}
