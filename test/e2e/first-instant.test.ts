import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { engineVersions, type EngineVersion } from './support/engine-version.js';
import { createHost, HOST_ADDRESS, untilKnown, type Host } from './support/host.js';
import { composeLabels } from './support/labels.js';
import { until } from './support/poll.js';
import { composePrograms, describeOnHost } from './support/requirements.js';

/** Starts of each kind. `E2E_STARTS=200` is what the figures in docs/adoption.md are of; it takes half an hour. */
const STARTS = Number(process.env['E2E_STARTS'] ?? 15);

describeOnHost(
  'a container asks at its first instruction',
  () => {
    describe.each(engineVersions)('on engine %s', firstInstant);
  },
  composePrograms,
);

function firstInstant(version: EngineVersion): void {
  let host: Host;

  beforeAll(async () => {
    host = await createHost({ version });
    await host.fairlead.start(['--adopt', 'all']);
    const { docker } = host;
    await docker.cli('swarm', 'init', '--advertise-addr', HOST_ADDRESS);
    await docker.cli('network', 'create', 'user');
    await docker.cli('network', 'create', '--driver', 'overlay', '--attachable', 'mesh');
    for (const network of ['bridge', 'user', 'mesh']) {
      const name = `shop-web-${network}`;
      await docker.start(name, { network, labels: composeLabels('webshop', 'web') });
      await untilKnown(host, name);
    }
    // Its networks are proved before the first start: that a new one takes a moment is docs/adoption.md's to say.
    const listed = async (): Promise<string> => (await host.fairlead.cli('adopt')).stdout;
    await until(
      'both bridges are proved',
      listed,
      (text) => (text.match(/ Fairlead /g) ?? []).length === 2,
      host.patience(),
    );
  });

  afterAll(() => host.close());

  /** Runs a container whose only instruction is to ask. */
  async function ask(network: string, name: string): Promise<string> {
    const run = ['run', '--rm', `--network=${network}`, 'tools', 'getent', 'ahostsv4', name];
    try {
      const out = await host.docker.cli(...run);
      return out.split(/\s+/)[0] ?? '';
    } catch (error) {
      return String(error).split('\n')[0] ?? '';
    }
  }

  test.each(['bridge', 'user', 'mesh'])(
    'on %s, and finds a service of another stack',
    { timeout: STARTS * 10_000 },
    async (network) => {
      const expected = await host.docker.address(`shop-web-${network}`, network);
      const failures: string[] = [];
      for (let start = 0; start < STARTS; start++) {
        const seen = await ask(network, 'web.webshop');
        if (seen !== expected) failures.push(`start ${start}: ${seen}`);
      }
      expect(failures).toEqual([]);
    },
  );

  test('on a network that is as new as the container', { timeout: 60_000 }, async () => {
    const { docker } = host;
    for (let start = 0; start < 5; start++) {
      await docker.cli('network', 'create', `new${start}`);
      const labels = composeLabels('webshop', 'web', start + 2);
      const name = `shop-new-${start}`;
      await docker.start(name, { network: `new${start}`, labels, flags: ['--network-alias=alias'] });
      const address = await docker.address(name, `new${start}`);
      await untilKnown(host, name);
      expect(await ask(`new${start}`, 'alias')).toBe(address);
    }
  });
}
