import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HealthListJson } from '../../src/api/types/resources.js';
import { createClientNetwork, type ClientNetwork } from './support/client-network.js';
import { untilEqual } from './support/poll.js';
import { describeOnHost, stubPrograms } from './support/requirements.js';

/** Where HAProxy listens, at every address of the tasks. */
const PORT = 8080;

const service = (name: string, ip: string, check: string, header?: string): unknown => ({
  ports: [`${PORT}/tcp`],
  labels: {
    'fairlead.health.type': check,
    'fairlead.health.port': String(PORT),
    'fairlead.health.initializing_timeout': '15s',
  },
  ...(header !== undefined && { balancing: { proxy_protocol: header } }),
  tasks: [{ name: `shop-${name}-1`, ip }],
});

const services = {
  stacks: {
    shop: {
      services: {
        'http-v1': service('http-v1', '10.9.1.1', 'http', 'v1'),
        'http-v2': service('http-v2', '10.9.1.2', 'http', 'v2'),
        'tcp-v1': service('tcp-v1', '10.9.1.3', 'tcp', 'v1'),
        'tcp-v2': service('tcp-v2', '10.9.1.4', 'tcp', 'v2'),
        none: service('none', '10.9.1.5', 'http'),
      },
    },
  },
};

describeOnHost(
  'checks of servers that expect PROXY headers',
  () => {
    let network: ClientNetwork;

    beforeAll(async () => {
      network = await createClientNetwork(services, {});
      const file = join(network.dir, 'haproxy.cfg');
      writeFileSync(
        file,
        `defaults
  mode http
  timeout client 5s
frontend web
  bind :${PORT} accept-proxy
  http-request return status 200
`,
      );
      network.far.spawn('haproxy', ['-db', '-f', file], { stdio: 'ignore' });
    });

    afterAll(() => network.close());

    test('HAProxy with accept-proxy accepts them; without a header its check fails', async () => {
      const found = async (): Promise<unknown> =>
        Object.fromEntries(
          ((await network.fairlead.api('/v1/health')) as HealthListJson).checks.map(
            ({ name, health, last }) => [name, [health, last?.ok === true ? last.detail : 'failed']],
          ),
        );
      await untilEqual(
        'the checks have decided',
        found,
        {
          'shop-http-v1-1': ['healthy', 'HTTP 200'],
          'shop-http-v2-1': ['healthy', 'HTTP 200'],
          'shop-tcp-v1-1': ['healthy', 'connected'],
          'shop-tcp-v2-1': ['healthy', 'connected'],
          'shop-none-1': ['unhealthy', 'failed'],
        },
        { within: 45_000, context: network.fairlead.log },
      );
      expect(network.fairlead.log()).not.toContain('please report');
    });
  },
  stubPrograms,
);
