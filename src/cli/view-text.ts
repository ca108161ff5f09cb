import type { ViewJson } from '../api/types/query-json.js';

/**
 * The client of a view, in one line: `10.42.0.7 (shop_worker_1, stack shop, environment default, networks
 * shop_default)`.
 */
export function viewText({ address, task, service, stack, environment, networks }: ViewJson): string {
  const parts = [
    task,
    service === undefined ? undefined : `service ${service}`,
    stack === undefined ? 'no stack' : `stack ${stack}`,
    `environment ${environment}`,
    networks === 'all' ? 'all networks' : `networks ${networks.join(', ') || 'none'}`,
  ];
  return `${address ?? 'any client'} (${parts.filter((part) => part !== undefined).join(', ')})`;
}
