import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { NetworkFact, TaskFact } from '../../src/catalog/facts.js';
import type { TYPE } from '../../src/wire/constants.js';
import { answerTo, zoneOf } from '../dns/zone/support.js';

const page = readFileSync(new URL('../../docs/dns.md', import.meta.url), 'utf8');

const networkOf = (stack: string, at: number): NetworkFact => ({
  ...{ id: `${stack}-net`, name: `${stack}_default`, driver: 'bridge', internal: false },
  ...{ subnets: [`10.${at}.0.0/24`], gateways: [`10.${at}.0.1`] },
});

function task(stack: string, service: string, ip: string, port: number, published?: number): TaskFact {
  const number = ip.endsWith('.3') ? 2 : 1;
  const name = `${stack}-${service}-${number}`;
  return {
    ...{ id: name, name, names: [name, name.replaceAll('-', '_')], environment: 'default', stack },
    service: { environment: 'default', stack, service },
    endpoints: [{ network: `${stack}-net`, ip }],
    ports: [
      {
        ...{ port, protocol: 'tcp', target: port },
        ...(published !== undefined && { published: [{ ip: '0.0.0.0', port: published }] }),
      },
    ],
    ...{ health: 'healthy', labels: {}, links: {}, weight: 1, expose: false },
  };
}

const { zone } = zoneOf({
  tasks: [
    task('webshop', 'web', '10.1.0.2', 80, 80),
    task('webshop', 'web', '10.1.0.3', 80, 80),
    task('webshop', 'cart', '10.1.0.4', 8080),
    task('webshop', 'db', '10.1.0.5', 5432),
    task('monitor', 'prom', '10.2.0.2', 9090),
  ],
  services: [
    {
      ...{ environment: 'default', stack: 'webshop', service: 'db' },
      ...{ kind: 'tasks', endpointMode: 'vip', vip: '10.43.0.7' },
    },
  ],
  networks: [networkOf('webshop', 1), networkOf('monitor', 2)],
});

const askers: Readonly<Record<string, string>> = {
  'webshop-cart-1': '10.1.0.4',
  'monitor-prom-1': '10.2.0.2',
  'another machine': '192.0.2.9',
};

const rows = page
  .slice(page.indexOf('| asked from | name |'))
  .split('\n\n')[0]
  ?.split('\n')
  .slice(2)
  .map((line) => line.split('|').map((cell) => cell.replaceAll('`', '').trim()));

it('docs/dns.md has examples', () => expect(rows?.length).toBeGreaterThan(15));

it.each(rows ?? [])('%sfrom %s: %s %s is %s', (_, from = '', name = '', type = '', answer = '') => {
  const got = answerTo(zone, name, type as keyof typeof TYPE, askers[from] ?? '')
    .replace(/^NODATA.*/, 'no data')
    .replace(/^NXDOMAIN.*/, 'does not exist')
    .replace(/^forward$/, 'asked upstream')
    .replace(/\b(?:SRV|PTR) /g, '');
  expect(got).toBe(answer);
});
