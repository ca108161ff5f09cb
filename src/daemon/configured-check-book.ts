import { serviceKey, type ServiceKey } from '../catalog/model.js';
import { kindOfSource } from '../config/source-instances.js';
import { CheckBook } from '../health/check-book.js';
import type { HealthCheck } from '../health/check.js';
import type { LoadedConfig } from './loaded-config.js';
import { capabilitiesOf } from './source-table.js';

/** The checks that the configuration defines, for the tasks of its environment. */
export function createCheckBook({ config, checks }: Pick<LoadedConfig, 'config' | 'checks'>): CheckBook {
  const { environment } = config;
  const services = new Map<ServiceKey, HealthCheck>();
  for (const [stack, found] of checks.services) {
    for (const [service, check] of found) services.set(serviceKey({ environment, stack, service }), check);
  }
  const stacks = new Map([...checks.defaults].map(([stack, check]) => [`${environment}/${stack}`, check]));
  return new CheckBook({
    services,
    stacks,
    hostMethods: config.health.hostMethods,
    canExecute: ({ source }) => capabilitiesOf(source).exec && kindOfSource(source) in config.sources,
    isForeign: ({ source }) => !capabilitiesOf(source).firstHand,
  });
}
